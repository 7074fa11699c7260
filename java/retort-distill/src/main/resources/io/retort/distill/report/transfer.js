
if (data !== null) {
  drawLines('gaps', data, {
    x: axis('\u2212log p of the teacher, in nats', {type: 'linear', min: 0, ticks: {precision: 0}, grid: {display: false}}),
    y: axis('Gap', {grace: '6%'}),
    text: ({y}) => y.toFixed(2),
  });
}
