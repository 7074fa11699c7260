
if (data !== null) {
  const {accuracy, coverage, temperature, levels, trend} = data;
  const sizes = () => axis('Members of the ensemble', {type: 'linear', min: 1, max: accuracy.length, ticks: {precision: 0}, grid: {display: false}});
  drawPoints('accuracy', accuracy, {
    role: 'ensemble', name: 'Ensemble', scale: 100, levels: [], x: sizes(), y: percentAxis(),
    text: ({x, y}) => x + ' members, ' + percent(y / 100, 1),
  });
  drawPoints('coverage', coverage, {
    role: 'ensemble', name: 'Ensemble', scale: 1, levels: [level(coverage, levels.views, 'member', 'All views')], x: sizes(),
    y: axis('', {grace: '6%', max: levels.views, ticks: {precision: 0}}),
    text: ({y}) => y.toFixed(1) + ' views',
  });
  drawPoints('temperature', temperature, {
    role: 'student', name: 'Student', scale: 100,
    levels: [
      level(temperature, 100 * levels.ensemble, 'ensemble', 'Ensemble'),
      level(temperature, 100 * levels.control, 'control', 'Control'),
    ],
    x: axis('Temperature', {type: 'logarithmic', min: temperature[0].x, max: temperature[temperature.length - 1].x, grid: {display: false}, afterBuildTicks: (scale) => (scale.ticks = temperature.map(({x}) => ({value: x}))), ticks: {callback: (value) => value}}),
    y: percentAxis(),
    text: ({y}) => percent(y / 100, 1),
  });
  const classes = trend.length > 0 ? trend[0].points.map(({x}) => x) : [];
  drawLines('trend', trend.map((line) => ({...line, points: line.points.map(({x, mean}) => ({x, y: 100 * mean}))})), {
    x: axis('Classes', {type: 'logarithmic', min: classes[0], max: classes[classes.length - 1], grid: {display: false}, afterBuildTicks: (scale) => (scale.ticks = classes.map((value) => ({value}))), ticks: {callback: (value) => value}}),
    y: percentAxis(),
    text: ({x, y}) => percent(y / 100, 1) + ' with ' + x + ' classes',
  });
}
