const SHAPES = {
  model: 'circle', member: 'circle', ensemble: 'rectRot', student: 'circle', 'self-distilled': 'triangle', control: 'rect',
};
const DASHES = {ensemble: [2, 4], 'self-distilled': [8, 4], control: [3, 3]};
const NAMES = {member: 'Members', student: 'Student', 'self-distilled': 'Self-distilled', control: 'Control'};

// Accuracy: one row of dots a kind of model.

/** The members' mean as a dashed line, one standard deviation to either side as a band. */
const meanBand = (mean, deviation) => ({
  id: 'meanBand',
  beforeDatasetsDraw({ctx, chartArea: {top, bottom}, scales: {x}}) {
    if (mean === null) {
      return;
    }
    ctx.save();
    ctx.fillStyle = colour('member') + '2a';
    const left = x.getPixelForValue(100 * (mean - deviation));
    ctx.fillRect(left, top, x.getPixelForValue(100 * (mean + deviation)) - left, bottom - top);
    ctx.strokeStyle = colour('member');
    ctx.lineWidth = 1.5;
    ctx.setLineDash([5, 4]);
    ctx.beginPath();
    ctx.moveTo(x.getPixelForValue(100 * mean), top);
    ctx.lineTo(x.getPixelForValue(100 * mean), bottom);
    ctx.stroke();
    ctx.restore();
  },
});

/** Each row's number to the right of its dots. */
const rowValues = (rows, values) => ({
  id: 'rowValues',
  afterDatasetsDraw({ctx, scales: {x, y}}) {
    ctx.save();
    ctx.fillStyle = colour('ink');
    ctx.font = '600 13px ' + Chart.defaults.font.family;
    ctx.textBaseline = 'middle';
    rows.forEach((row, index) => {
      const known = row.dots.map((dot) => dot.accuracy).filter((accuracy) => accuracy !== null);
      if (known.length > 0 && values[index] !== null) {
        const right = x.getPixelForValue(100 * Math.max(...known));
        ctx.fillText((known.length > 1 ? 'mean ' : '') + percent(values[index]), right + 14, y.getPixelForValue(index));
      }
    });
    ctx.restore();
  },
});

function drawAccuracy({mean, deviation, rows}) {
  const frame = document.getElementById('accuracy-frame');
  frame.style.height = 3 * rows.length + 3.2 + 'rem';
  const values = rows.map((row) => (row.role === 'member' ? mean : row.dots[0].accuracy));
  draw('accuracy', {
    type: 'scatter',
    data: {
      datasets: rows.map((row, index) => ({
        data: row.dots.map((dot) => ({x: dot.accuracy === null ? NaN : 100 * dot.accuracy, y: index, name: dot.name})),
        pointStyle: SHAPES[row.role],
        pointRadius: row.role === 'member' ? 6 : 8,
        pointHoverRadius: 9,
        backgroundColor: themed(row.role, row.role === 'member' ? 'a0' : ''),
        borderColor: themed('paper'),
        borderWidth: 1,
      })),
    },
    options: {
      layout: {padding: {right: 76}},
      scales: {
        x: axis('', {grace: '8%', ticks: {callback: (value) => value + '\u00a0%', maxTicksLimit: 7}}),
        y: axis('', {
          reverse: true,
          min: -0.5,
          max: rows.length - 0.5,
          afterBuildTicks: (scale) => (scale.ticks = rows.map((_, value) => ({value}))),
          grid: {display: false},
          ticks: {autoSkip: false, color: themed('ink'), callback: (value) => rows[value]?.label},
        }),
      },
      plugins: {
        tooltip: {callbacks: {label: ({raw}) => raw.name + ': ' + percent(raw.x / 100)}},
      },
    },
    plugins: [meanBand(mean, deviation), rowValues(rows, values)],
  });
}

// Learning curves: two charts, one legend.

function drawCurves(curves, ensemble) {
  const alone = curves.every((curve) => curve.role === 'member' || curve.role === 'model');
  const lastEpoch = Math.max(1, ...curves.flatMap((curve) => [...curve.accuracy, ...curve.loss]).map((point) => point.x));
  const line = (curve, points, scale) => {
    const muted = curve.role === 'member' && !alone;
    return {
      label: curve.name,
      role: curve.role,
      data: points.map(({x, y}) => ({x, y: y === null ? NaN : scale * y})),
      borderColor: themed(curve.role, muted ? '90' : ''),
      backgroundColor: themed(curve.role),
      borderWidth: muted ? 1.5 : 2.5,
      borderDash: DASHES[curve.role],
      pointStyle: SHAPES[curve.role],
      pointRadius: muted || points.length > 20 ? 0 : 4,
      pointHoverRadius: 6,
      pointHitRadius: 8,
      clip: 8,
      order: muted ? 1 : 0,
    };
  };
  const chart = (id, datasets, tick, label) =>
    draw(id, {
      type: 'line',
      data: {datasets},
      options: {
        scales: {
          x: axis('', {type: 'linear', min: lastEpoch > 1 ? 1 : 0, max: lastEpoch, ticks: {precision: 0}, grid: {display: false}}),
          y: axis('', {grace: '4%', ticks: {callback: tick, maxTicksLimit: 7}}),
        },
        plugins: {
          tooltip: {
            callbacks: {
              title: ([item]) => (item ? 'Epoch ' + item.parsed.x : ''),
              label: ({dataset, parsed}) => dataset.label + ': ' + label(parsed.y),
            },
          },
        },
      },
    });
  const accuracy = curves.map((curve) => line(curve, curve.accuracy, 100));
  if (ensemble !== null) {
    const ends = [lastEpoch > 1 ? 1 : 0, lastEpoch].map((x) => ({x, y: ensemble}));
    accuracy.push({...line({name: 'Ensemble', role: 'ensemble'}, ends, 100), pointRadius: 0, borderWidth: 2});
  }
  const loss = curves.map((curve) => line(curve, curve.loss, 1));
  const both = [
    chart('curves-accuracy', accuracy, (value) => value + '\u00a0%', (value) => percent(value / 100)),
    chart('curves-loss', loss, undefined, (value) => value.toFixed(4)),
  ];
  drawLegend(both, alone && curves.length <= 12);
}

/** Buttons that show and hide curves: all members at once, unless there is nothing but members. */
function drawLegend(both, apart) {
  const groups = new Map();
  both[0].data.datasets.forEach(({label, role}) => {
    const name = apart || !NAMES[role] ? label : NAMES[role];
    groups.set(name, {role, labels: [...(groups.get(name)?.labels ?? []), label]});
  });
  for (const [name, {role, labels}] of groups) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = role;
    button.setAttribute('aria-pressed', 'true');
    button.append(document.createElement('i'), name);
    button.addEventListener('click', () => {
      const shown = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', shown);
      for (const chart of both) {
        chart.data.datasets.forEach((dataset, index) => {
          if (labels.includes(dataset.label)) {
            chart.setDatasetVisibility(index, shown);
          }
        });
        chart.update();
      }
    });
    document.getElementById('curves-legend').append(button);
  }
}

// Reliability: accuracy above, the number of images below, over the same confidence.

const diagonal = {
  id: 'diagonal',
  afterDatasetsDraw({ctx, scales: {x, y}}) {
    ctx.save();
    ctx.strokeStyle = colour('ink');
    ctx.lineWidth = 1.25;
    ctx.setLineDash([5, 4]);
    ctx.beginPath();
    ctx.moveTo(x.getPixelForValue(0), y.getPixelForValue(0));
    ctx.lineTo(x.getPixelForValue(100), y.getPixelForValue(100));
    ctx.stroke();
    ctx.restore();
  },
};

function drawReliability({role, bins}) {
  const bars = (value, yAxisID, alpha) => ({
    data: bins.map((bin) => ({x: 50 * (bin.lower + bin.upper), y: bin.examples > 0 ? value(bin) : null, bin})),
    yAxisID,
    backgroundColor: themed(role, alpha),
    barPercentage: 0.92,
    categoryPercentage: 1,
    grouped: false,
    minBarLength: 1,
  });
  draw('reliability-' + role, {
    type: 'bar',
    data: {datasets: [bars((bin) => 100 * bin.accuracy, 'y', 'c8'), bars((bin) => bin.examples, 'images', '60')]},
    options: {
      interaction: {mode: 'index', intersect: false},
      scales: {
        x: axis('Confidence', {type: 'linear', min: 0, max: 100, offset: false, grid: {display: false}, ticks: {stepSize: 25, callback: (value) => value + '\u00a0%'}}),
        images: axis('', {
          stack: 'rows',
          stackWeight: 1,
          beginAtZero: true,
          grid: {display: false},
          // The topmost would touch the lowest of the axis above.
          afterBuildTicks: (scale) => (scale.ticks = scale.ticks.filter(({value}) => value < 0.9 * scale.max)),
          ticks: {maxTicksLimit: 3, callback: grouped},
        }),
        y: axis('', {stack: 'rows', stackWeight: 3.2, min: 0, max: 100, ticks: {stepSize: 25, callback: (value) => value + '\u00a0%'}}),
      },
      plugins: {
        tooltip: {
          filter: ({datasetIndex}) => datasetIndex === 0,
          callbacks: {
            title: ([item]) => (item ? percent(item.raw.bin.lower, 0) + ' to ' + percent(item.raw.bin.upper, 0) + ' sure' : ''),
            label: ({raw: {bin}}) => [
              'Right: ' + percent(bin.accuracy ?? NaN, 1),
              'Mean confidence: ' + percent(bin.confidence ?? NaN, 1),
              grouped(bin.examples) + ' images',
            ],
          },
        },
      },
    },
    plugins: [diagonal],
  });
}

if (data.accuracy) {
  drawAccuracy(data.accuracy);
}
if (data.curves.length > 0) {
  drawCurves(data.curves, data.accuracy ? data.accuracy.ensemble : null);
}
data.reliability.forEach(drawReliability);
