
if (data !== null) {
  draw('gaps', {
    type: 'line',
    data: {
      datasets: data.map(({name, role, dashed, points}) => ({
        label: name,
        data: points,
        borderColor: themed(role),
        backgroundColor: themed(role),
        borderWidth: 2,
        borderDash: dashed ? [5, 4] : [],
        pointRadius: 2.5,
        pointHoverRadius: 5,
      })),
    },
    options: {
      scales: {
        x: axis('\u2212log p of the teacher, in nats', {type: 'linear', min: 0, ticks: {precision: 0}, grid: {display: false}}),
        y: axis('Gap', {grace: '6%'}),
      },
      plugins: {
        legend: {display: true, labels: {color: themed('ink'), boxHeight: 0, boxWidth: 24}},
        tooltip: {callbacks: {title: () => '', label: ({dataset, parsed}) => dataset.label + ': ' + parsed.y.toFixed(2)}},
      },
    },
  });
}
