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
