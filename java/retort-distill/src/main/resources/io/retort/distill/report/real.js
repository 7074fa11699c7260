
if (data !== null) {
  const {accuracy, levels} = data;
  const highest = Math.max(...accuracy.map(({y}) => y));
  drawPoints('accuracy', accuracy, {
    role: 'ensemble', name: 'Ensemble', scale: 100,
    levels: accuracy.length > 1 ? levels.map(({name, role, accuracy: y}) => level(accuracy, 100 * y, role, name)) : [],
    x: axis('Members of the ensemble', {type: 'linear', min: 1, max: accuracy.length, ticks: {precision: 0}, grid: {display: false}}),
    y: axis('', {grace: '6%', max: highest > 0.98 ? 100 : undefined, ticks: {callback: (value) => value.toFixed(1) + '\u00a0%', maxTicksLimit: 7}}),
    text: ({y}) => percent(y / 100),
  });
}
