/** In the page: what the disks took, and what clients asked, on the same axis; and the whole run above. */
export const BELOW_SCRIPT = `
  // ——— disks ———
  const DISK_ROW = 40;
  const BIN = 3;
  function drawDisks() {
    const shown = lanesShown().filter((lane) => lane !== CLIENTS);
    const panel = panels.disks;
    const g = panel.begin(16 + Math.max(1, shown.length) * DISK_ROW);
    panel.axis(8);
    const bins = Math.ceil((panel.width - panel.left - RIGHT) / BIN) + 1;
    const sums = new Map(shown.map((lane) => [lane, { groups: [0, 1, 2].map(() => new Float64Array(bins)), syncs: new Float64Array(bins) }]));
    const { at, node, syncs, log, store, snapshot } = run.disk;
    const [from, to] = state.view;
    let most = 0;
    for (let i = lowerBound(at, from); i < at.length && at[i] <= to; i++) {
      const sum = sums.get(node[i]);
      if (sum === undefined) continue;
      const bin = Math.floor((panel.x(at[i]) - panel.left) / BIN);
      sum.groups[0][bin] += log[i];
      sum.groups[1][bin] += store[i];
      sum.groups[2][bin] += snapshot[i];
      sum.syncs[bin] += syncs[i];
      most = Math.max(most, sum.groups[0][bin] + sum.groups[1][bin] + sum.groups[2][bin]);
    }
    diskScale.textContent = most === 0 ? 'Nothing was written in this view.' : 'Tallest bar: ' + bytesText(most) + ' in ' + spanText(panel.nsPerPixel * BIN) + '.';
    shown.forEach((lane, row) => {
      const base = 16 + (row + 1) * DISK_ROW - 10;
      const { groups, syncs: synced } = sums.get(lane);
      panel.line(panel.left, base, panel.width - RIGHT, base, tones.rule);
      for (let bin = 0; bin < bins; bin++) {
        let y = base;
        groups.forEach((bytes, group) => {
          if (bytes[bin] === 0) return;
          const height = Math.max(1, (bytes[bin] / most) * (DISK_ROW - 16));
          g.fillStyle = paint(page.diskPaints[group]);
          g.fillRect(panel.left + bin * BIN, y - height, BIN - 0.5, height);
          y -= height;
        });
        if (synced[bin] === 0) continue;
        g.fillStyle = tones.text;
        g.globalAlpha = Math.min(1, 0.35 + synced[bin] * 0.15);
        g.fillRect(panel.left + bin * BIN + 0.5, base + 2, 1.5, 5);
        g.globalAlpha = 1;
      }
      panel.text(page.lanes[lane], panel.left - 7, base - 8, { size: isNarrow() ? 10.5 : 12, weight: 640, align: 'right' });
    });
    panel.marks(false);
  }

  // ——— operations ———
  const ILLEGAL = 1;
  const ROWS_MAX = 48;
  let barsDrawn = [];
  function isChosen(i) {
    return state.allKeys || operations.key[i] === operations.theKey || operations.part[i] > 0;
  }
  const endOf = (i) => (operations.ended[i] < 0 ? run.result.virtualTimeNs : operations.ended[i]);
  /** A row for each operation, none over another, found again only when others are chosen. */
  let rowsOf = { allKeys: undefined, rows: [], count: 0 };
  function layOutOperations() {
    if (rowsOf.allKeys === state.allKeys) return rowsOf;
    const ends = [];
    const rows = operations.called.map(() => -1);
    const place = (i) => {
      let row = ends.findIndex((spans) => spans.every(([from, to]) => to < operations.called[i] || from > endOf(i)));
      if (row < 0) row = ends.push([]) - 1;
      // only those at the top have to be remembered in full: the others come in the order of their calls
      if (isInQuestion) ends[row].push([operations.called[i], endOf(i)]);
      else ends[row] = [...ends[row].filter(([from]) => from > operations.called[i]), [operations.called[i], endOf(i)]];
      rows[i] = row;
    };
    let isInQuestion = true;
    operations.part.forEach((part, i) => { if (part > 0) place(i); });
    isInQuestion = false;
    operations.part.forEach((part, i) => { if (part === 0 && isChosen(i)) place(i); });
    rowsOf = { allKeys: state.allKeys, rows, count: Math.min(ROWS_MAX, ends.length), hidden: Math.max(0, ends.length - ROWS_MAX) };
    return rowsOf;
  }
  function drawOperations() {
    const { rows, count, hidden } = layOutOperations();
    const panel = panels.operations;
    const rowHeight = count > 24 ? 15 : 20;
    const [from, to] = state.view;
    const inView = rows.map((_, i) => i).filter((i) => rows[i] >= 0 && rows[i] < ROWS_MAX && operations.called[i] <= to && endOf(i) >= from);
    const g = panel.begin(24 + (1 + inView.reduce((most, i) => Math.max(most, rows[i]), 1)) * rowHeight);
    panel.axis(8);
    panel.clip();
    barsDrawn = [];
    for (const i of inView) {
      const x1 = panel.x(Math.max(from - (to - from) * 0.01, operations.called[i]));
      const x2 = Math.max(x1 + 2, panel.x(Math.min(to + (to - from) * 0.01, endOf(i))));
      barsDrawn.push([i, x1, 20 + rows[i] * rowHeight, x2 - x1, rowHeight - 4]);
    }
    const isPart = ([i]) => operations.part[i] > 0;
    for (const bar of barsDrawn) if (!isPart(bar)) drawBar(panel, ...bar);
    drawOrder(panel, rows, rowHeight);
    for (const bar of barsDrawn) if (isPart(bar)) drawBar(panel, ...bar);
    panel.marks(false);
    g.restore();
    panel.text(state.allKeys ? 'all keys' : 'key ' + operations.theKey, panel.left - 7, 28, { size: isNarrow() ? 10.5 : 12, weight: 640, align: 'right' });
    operationsNote.textContent = (hidden > 0 ? hidden + ' more rows are not drawn. ' : '') + (operations.left > 0 && state.allKeys ? operations.left + ' operations farther away are not in the page.' : '');
    if (barsDrawn.length === 0) panel.text('no operation in this view', panel.left + 8, 30, { colour: tones.muted });
  }
  function drawBar(panel, i, x, y, width, height) {
    const { g } = panel;
    const isIllegal = operations.part[i] === ILLEGAL;
    const isPicked = state.pick === 'o' + i;
    const base = isIllegal ? tones.bad : paint(page.operationPaints[operations.operation[i]]);
    const outcome = operations.outcome[i];
    const isDim = state.pick !== '' && !isPicked && operations.part[i] === 0;
    g.globalAlpha = isDim ? 0.35 : 1;
    g.fillStyle = isIllegal ? tones.bad : outcome === 1 ? base : tones.card;
    g.fillRect(x, y, width, height);
    if (!isIllegal && outcome === 1 && operations.part[i] === 0) {
      g.globalAlpha = isDim ? 0.2 : 0.55;
      g.fillStyle = tones.card;
      g.fillRect(x, y, width, height);
      g.globalAlpha = isDim ? 0.35 : 1;
    }
    g.strokeStyle = isPicked ? tones.text : base;
    g.lineWidth = isPicked || operations.part[i] > 0 ? 2.2 : 1;
    g.setLineDash(outcome === 1 ? [] : [3, 2]);
    g.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
    g.setLineDash([]);
    const isStrong = isIllegal || (outcome === 1 && operations.part[i] > 0);
    const text = operationText(i);
    const visibleX = Math.max(x, panel.left);
    const room = x + width - visibleX - 8;
    if (isIllegal || operations.part[i] > 0) {
      const fits = room > text.length * 6.2;
      const isLeft = !fits && x + width + 5 + text.length * 6.2 > panel.width - RIGHT;
      panel.text(text, fits ? visibleX + 6 : isLeft ? x - 5 : x + width + 5, y + height / 2 + 0.5, { size: 11, weight: 640, align: isLeft ? 'right' : 'left', colour: fits && isStrong ? tones.card : isIllegal ? tones.bad : tones.text, halo: !fits });
    } else panel.text(text, visibleX + 5, y + height / 2 + 0.5, { size: 10.5, max: room });
    g.globalAlpha = 1;
  }
  function operationText(i) {
    const name = page.operationNames[operations.operation[i]];
    const value = operations.value[i];
    const isRead = name === 'get' || name === 'range';
    const key = state.allKeys && operations.key[i] >= 0 ? ' k' + operations.key[i] : '';
    const order = operations.order[i] > 0 ? '  #' + operations.order[i] : '';
    const mark = operations.part[i] === ILLEGAL ? '✗ ' : '';
    return mark + 's' + operations.session[i] + ' ' + name + key + (value === '' ? '' : (isRead ? ' → ' : ' ') + value) + (operations.outcome[i] > 1 || operations.outcome[i] === 0 ? ' ?' : '') + order;
  }
  /** Where each operation may have taken effect, in the order that was found. */
  const points = operations.order
    .map((order, i) => [order, i])
    .filter(([order]) => order > 0)
    .sort((a, b) => a[0] - b[0]);
  for (let n = 0, at = 0; n < points.length; n++) {
    at = Math.max(at, operations.called[points[n][1]]);
    points[n].push(at);
  }
  function drawOrder(panel, rows, rowHeight) {
    const { g } = panel;
    const [from, to] = state.view;
    const inView = points.filter(([, i, at]) => at >= from && at <= to && rows[i] >= 0 && rows[i] < ROWS_MAX);
    if (inView.length > 400) return;
    g.globalAlpha = 0.7;
    for (let n = 0; n < inView.length; n++) {
      const [, i, at] = inView[n];
      const x = panel.x(at);
      const y = 20 + rows[i] * rowHeight + (rowHeight - 4) / 2;
      if (n > 0) {
        const [, j, before] = inView[n - 1];
        panel.line(panel.x(before), 20 + rows[j] * rowHeight + (rowHeight - 4) / 2, x, y, tones.muted, 0.8);
      }
      g.fillStyle = tones.text;
      g.beginPath();
      g.arc(x, y, 2.5, 0, 7);
      g.fill();
    }
    g.globalAlpha = 1;
  }
  function operationAt(x, y) {
    const bar = barsDrawn.findLast(([, left, top, width, height]) => x >= left - 2 && x <= left + width + 2 && y >= top - 2 && y <= top + height + 2);
    return bar === undefined ? -1 : bar[0];
  }
  function operationFacts(i) {
    const name = page.operationNames[operations.operation[i]];
    const ended = operations.ended[i];
    const outcomes = ['not over at the end of the run', 'done', 'certainly without effect', 'unknown: it may or may not take effect'];
    const isRead = name === 'get' || name === 'range';
    const facts = [
      ['', name + (operations.key[i] >= 0 ? ' of key ' + operations.key[i] : '')],
      ['session', operations.session[i] + ', request ' + operations.sequence[i]],
      ['called', timeText(operations.called[i], 1)],
      ['ended', ended < 0 ? 'not before the end of the run' : timeText(ended, 1) + ', after ' + spanText(ended - operations.called[i])],
      ['outcome', outcomes[operations.outcome[i]]],
    ];
    if (operations.value[i] !== '') facts.push([isRead ? 'saw' : 'wrote', operations.value[i]]);
    if (operations.entry[i] > 0) facts.push(['took effect at', 'entry ' + operations.entry[i]]);
    if (operations.order[i] > 0) facts.push(['place in the order', '#' + operations.order[i]]);
    if (operations.part[i] === ILLEGAL) facts.push(['', 'Fits nowhere in any order.']);
    return facts;
  }

  // ——— the whole run ———
  function drawOverview() {
    const panel = panels.overview;
    const g = panel.begin(70);
    panel.axis(8);
    const { widthNs, messages: sums } = run.overview;
    const most = sums.reduce((largest, sum) => Math.max(largest, sum), 1);
    for (const fault of run.faults) {
      g.fillStyle = tones['warn-soft'];
      g.fillRect(panel.x(fault.from), 16, Math.max(1.5, panel.x(fault.to) - panel.x(fault.from)), 54);
      g.fillStyle = tones.warn;
      g.fillRect(panel.x(fault.from), 16, Math.max(1.5, panel.x(fault.to) - panel.x(fault.from)), 2);
    }
    g.fillStyle = paint(page.messagePaints[2]);
    sums.forEach((sum, bin) => {
      if (sum === 0) return;
      const x = panel.x(bin * widthNs);
      const height = Math.max(1, (sum / most) * 34);
      g.fillRect(x, 70 - height, Math.max(1, panel.x((bin + 1) * widthNs) - x - 0.3), height);
    });
    roleSpans.forEach((spans, lane) => {
      for (const [from, to, role, term] of spans) {
        if (role !== 2) continue;
        const x = panel.x(from);
        g.fillStyle = paint(page.rolePaints[2]);
        g.fillRect(x, 20, Math.max(1.5, panel.x(to) - x), 11);
        panel.text(page.lanes[lane] + ' leads t' + term, x + 4, 26, { size: 9.5, colour: '#ffffff', max: panel.x(to) - x - 6 });
      }
    });
    g.fillStyle = tones.card;
    g.globalAlpha = 0.65;
    g.fillRect(panel.left, 16, panel.x(run.window[0]) - panel.left, 54);
    g.fillRect(panel.x(run.window[1]), 16, panel.width - RIGHT - panel.x(run.window[1]), 54);
    g.globalAlpha = 1;
    panel.marks(false);
    g.strokeStyle = tones.accent;
    g.lineWidth = 2;
    const x1 = panel.x(state.view[0]);
    g.strokeRect(x1, 16, Math.max(4, panel.x(state.view[1]) - x1), 53);
    panel.text('run', panel.left - 7, 40, { size: isNarrow() ? 10.5 : 12, weight: 640, align: 'right' });
  }
`;
