// What every page's charts share; the page's own script follows.

'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const charts = [];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const percent = (fraction, digits = 2) => (100 * fraction).toFixed(digits) + '\u00a0%';
const grouped = (n) => n.toString().replace(/\B(?=(\d{3})+$)/g, '\u202f');

/** A colour as it is now: the scheme may change while the page is open. */
const themed = (name, alpha = '') => () => colour(name) + alpha;

/** An axis in the page's colours. */
function axis(title, options) {
  const {ticks, grid, ...rest} = options;
  return {
    title: {display: Boolean(title), text: title, color: themed('soft')},
    border: {display: false},
    grid: {color: themed('line'), drawTicks: false, ...grid},
    ticks: {color: themed('soft'), padding: 8, maxRotation: 0, ...ticks},
    ...rest,
  };
}

function draw(id, config) {
  const canvas = document.getElementById(id);
  if (!canvas) {
    return undefined;
  }
  const chart = new Chart(canvas, {
    ...config,
    options: {
      animation: false,
      maintainAspectRatio: false,
      ...config.options,
      plugins: {legend: {display: false}, ...config.options.plugins},
    },
  });
  charts.push(chart);
  return chart;
}

function redraw() {
  charts.forEach((chart) => {
    chart.resize();
    chart.update('none');
  });
}

Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
Chart.defaults.font.size = 12.5;
Chart.defaults.plugins.tooltip.displayColors = false;

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
// Paper is white, whatever the screen's scheme is.
addEventListener('beforeprint', () => {
  document.documentElement.dataset.printing = '';
  redraw();
});
addEventListener('afterprint', () => {
  delete document.documentElement.dataset.printing;
  redraw();
});

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

/** A line each; one that is dashed shows what the others are held against. */
function drawLines(id, lines, {x, y, text}) {
  draw(id, {
    type: 'line',
    data: {
      datasets: lines.map(({name, role, dashed, points}) => ({
        label: name,
        data: points,
        borderColor: themed(role),
        backgroundColor: themed(role),
        borderWidth: 2,
        borderDash: dashed ? [5, 4] : [],
        pointRadius: 2.5,
        pointHoverRadius: 5,
        clip: 8,
      })),
    },
    options: {
      scales: {x, y},
      plugins: {
        legend: {display: true, labels: {color: themed('ink'), boxHeight: 0, boxWidth: 24}},
        tooltip: {callbacks: {title: () => '', label: ({dataset, parsed}) => dataset.label + ': ' + text(parsed)}},
      },
    },
  });
}
