/**
 * What runs in the page: draws each panel when the browser is free, again when the reader changes between
 * light and dark or crosses from narrow to wide, shows tooltips, and saves a drawing. It loads nothing.
 */
export const SCRIPT = `
(() => {
  'use strict';
  const data = JSON.parse(document.getElementById('panels').textContent);
  const darkQuery = window.matchMedia('(prefers-color-scheme: dark)');
  const narrowQuery = window.matchMedia('(max-width: 640px)');
  const boxes = [...document.querySelectorAll('.panel')];
  const views = new Map();

  // ——— tooltip ———
  const tip = document.createElement('div');
  tip.id = 'tip';
  tip.hidden = true;
  document.body.append(tip);
  function showTip(_handler, event, _item, value) {
    if (value === null || value === undefined || value === '') { tip.hidden = true; return; }
    tip.replaceChildren();
    const entries = typeof value === 'object' ? Object.entries(value) : [['', String(value)]];
    for (const [name, shown] of entries) {
      const row = document.createElement('div');
      const left = document.createElement('span');
      const right = document.createElement('span');
      left.textContent = name;
      right.textContent = String(shown);
      row.append(left, right);
      tip.append(row);
    }
    tip.hidden = false;
    const gap = 14;
    const x = event.clientX + gap + tip.offsetWidth > window.innerWidth ? event.clientX - gap - tip.offsetWidth : event.clientX + gap;
    const y = event.clientY + gap + tip.offsetHeight > window.innerHeight ? event.clientY - gap - tip.offsetHeight : event.clientY + gap;
    tip.style.left = Math.max(4, x) + 'px';
    tip.style.top = Math.max(4, y) + 'px';
  }

  // ——— drawing ———
  function themed(spec, dark) {
    if (!dark) return spec;
    return JSON.parse(JSON.stringify(spec).replace(/#[0-9a-f]{6}/g, (colour) => data.darkPartners[colour] ?? colour));
  }
  function compile(spec, config) {
    return vega.parse(vegaLite.compile(spec, { config }).spec);
  }
  function draw(box) {
    const spec = data.specs[Number(box.dataset.panel)];
    const config = structuredClone(darkQuery.matches ? data.configs.dark : data.configs.light);
    if (narrowQuery.matches) config.axisY.labelLimit = 116;
    views.get(box)?.finalize();
    try {
      const view = new vega.View(compile(themed(spec, darkQuery.matches), config), { renderer: 'svg', hover: true, tooltip: showTip, logLevel: vega.Warn });
      views.set(box, view);
      box.replaceChildren();
      view.initialize(box);
      return view.runAsync().catch((error) => failed(box, error));
    } catch (error) {
      failed(box, error);
      return Promise.resolve();
    }
  }
  function failed(box, error) {
    const line = document.createElement('p');
    line.className = 'failed';
    line.textContent = 'This drawing failed: ' + error.message + '. Its figures are in the table below.';
    box.replaceChildren(line);
    console.error(error);
  }
  let round = 0;
  async function drawAll() {
    const mine = ++round;
    for (const box of boxes) {
      if (mine !== round) return;
      await draw(box);
      await new Promise((resume) => setTimeout(resume, 0));
    }
    document.documentElement.dataset.drawn = String(boxes.length);
  }
  darkQuery.addEventListener('change', drawAll);
  narrowQuery.addEventListener('change', drawAll);
  window.addEventListener('scroll', () => { tip.hidden = true; }, { passive: true });
  drawAll();

  // ——— saving ———
  function save(name, content) {
    const link = document.createElement('a');
    link.download = name;
    link.href = typeof content === 'string' ? content : URL.createObjectURL(content);
    link.click();
  }
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button[data-save]');
    if (button === null) return;
    const card = button.closest('.card');
    const kind = button.dataset.save;
    for (const [index, box] of [...card.querySelectorAll('.panel')].entries()) {
      const name = data.name + '-' + card.id + (index === 0 ? '' : '-' + (index + 1));
      const spec = { ...data.specs[Number(box.dataset.panel)], width: 900 };
      if (kind === 'spec') {
        save(name + '.vl.json', new Blob([JSON.stringify({ ...spec, config: data.configs.export }, null, 2)], { type: 'application/json' }));
        continue;
      }
      const view = new vega.View(compile(spec, data.configs.export), { renderer: 'none' });
      if (kind === 'svg') save(name + '.svg', new Blob([await view.toSVG()], { type: 'image/svg+xml' }));
      else save(name + '.png', await view.toImageURL('png', 2));
      view.finalize();
    }
  });
})();
`;
