
/** One standard deviation to either side of each point, as an upright line. */
const deviationBars = (points, scale, role) => ({
  id: 'deviationBars',
  beforeDatasetsDraw({ctx, scales: {x, y}}) {
    ctx.save();
    ctx.strokeStyle = colour(role);
    ctx.lineWidth = 1.5;
    for (const point of points) {
      const at = x.getPixelForValue(point.x);
      ctx.beginPath();
      ctx.moveTo(at, y.getPixelForValue(scale * (point.mean - point.deviation)));
      ctx.lineTo(at, y.getPixelForValue(scale * (point.mean + point.deviation)));
      ctx.stroke();
    }
    ctx.restore();
  },
});

/** A level to hold the points against, over the width of the chart. */
const level = (points, value, role, name) => ({
  label: name,
  data: [points[0].x, points[points.length - 1].x].map((x) => ({x, y: value})),
  borderColor: themed(role),
  borderWidth: 2,
  borderDash: [5, 4],
  pointRadius: 0,
  pointHitRadius: 8,
});

function drawPoints(id, points, {role, name, scale, levels, x, y, text}) {
  draw(id, {
    type: 'line',
    data: {
      datasets: [
        {
          label: name,
          data: points.map((point) => ({x: point.x, y: scale * point.mean})),
          borderColor: themed(role),
          backgroundColor: themed(role),
          borderWidth: 2,
          pointRadius: 4,
          pointHoverRadius: 6,
          clip: 8,
        },
        ...levels,
      ],
    },
    options: {
      scales: {x, y},
      plugins: {
        legend: {display: levels.length > 0, labels: {color: themed('ink'), boxHeight: 0, boxWidth: 24}},
        tooltip: {callbacks: {title: () => '', label: ({dataset, parsed}) => dataset.label + ': ' + text(parsed)}},
      },
    },
    plugins: [deviationBars(points, scale, role)],
  });
}

const percentAxis = () => axis('', {grace: '6%', max: 100, ticks: {callback: (value) => value + '\u00a0%', maxTicksLimit: 7}});

if (data !== null) {
  const {accuracy, coverage, temperature, levels} = data;
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
}
