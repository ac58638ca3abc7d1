/** In the page: nodes as lanes, what they were, the faults over them, and messages between them. */
export const LANES_SCRIPT = `
  // ——— lanes ———
  const BAND = 12;
  const TOP = 34;
  let laneY = [];
  const lanesShown = () => page.lanes.map((_, lane) => lane).filter((lane) => !state.off.has(page.lanes[lane]));
  function layOutLanes() {
    const shown = lanesShown();
    const gap = shown.length > 6 ? 46 : shown.length > 4 ? 64 : 88;
    laneY = page.lanes.map(() => -1);
    let y = TOP + 18;
    for (const lane of shown) {
      laneY[lane] = y;
      y += gap;
    }
    return y - gap + 26;
  }
  /** [from, to, role, term] of each node, in order. */
  const roleSpans = run.nodes.map(() => []);
  for (let i = 0; i < run.roles.at.length; i++) {
    const spans = roleSpans[run.roles.node[i]];
    if (spans.length > 0) spans[spans.length - 1][1] = run.roles.at[i];
    spans.push([run.roles.at[i], run.result.virtualTimeNs, run.roles.role[i], run.roles.term[i]]);
  }
  function drawLanes() {
    const height = layOutLanes();
    const panel = panels.lanes;
    const g = panel.begin(height);
    panel.axis(8);
    panel.clip();
    drawFaults(panel);
    for (const lane of lanesShown()) {
      if (lane === CLIENTS) panel.line(panel.left, laneY[lane], panel.width, laneY[lane], tones.muted, 1);
    }
    drawMessages(panel);
    for (const lane of lanesShown()) if (lane !== CLIENTS) drawNode(panel, lane);
    nameFaults(panel);
    drawMoments(panel);
    panel.marks(true);
    for (const node of run.complaint?.nodes ?? []) {
      if (laneY[node] < 0) continue;
      g.strokeStyle = tones.bad;
      g.lineWidth = 2.5;
      g.beginPath();
      g.arc(panel.x(run.complaint.at), laneY[node], 9, 0, 7);
      g.stroke();
    }
    g.restore();
    for (const lane of lanesShown()) {
      panel.text(page.lanes[lane], panel.left - 7, laneY[lane] - (lane === CLIENTS ? 0 : 6), { size: isNarrow() ? 10.5 : 12.5, weight: 640, align: 'right' });
      if (lane === CLIENTS) continue;
      const at = cursor ?? (state.view[0] + state.view[1]) / 2;
      const span = roleSpans[lane].findLast((each) => each[0] <= at);
      if (span !== undefined && !isNarrow()) {
        panel.text(page.roles[span[2]] + (span[2] === DOWN ? '' : ' t' + span[3]), panel.left - 7, laneY[lane] + 8, { size: 10, colour: tones.muted, align: 'right' });
      }
    }
  }
  const faultsInView = () => run.faults.filter((fault) => fault.to >= state.view[0] && fault.from <= state.view[1]);
  /** The one lane that a fault is of; −1: it concerns all. */
  const laneOfFault = (fault) => (fault.nodes.length === 1 && laneY[fault.nodes[0]] >= 0 ? fault.nodes[0] : -1);
  function extentOf(panel, fault) {
    const x1 = panel.x(Math.max(state.view[0], fault.from));
    return [x1, Math.max(x1 + 2, panel.x(Math.min(state.view[1], fault.to)))];
  }
  function drawFaults(panel) {
    const { g } = panel;
    for (const fault of faultsInView()) {
      const [x1, x2] = extentOf(panel, fault);
      const lane = laneOfFault(fault);
      g.fillStyle = tones['warn-soft'];
      g.globalAlpha = lane < 0 ? 0.4 : 1;
      if (lane < 0) g.fillRect(x1, 14, x2 - x1, panel.height);
      else g.fillRect(x1, laneY[lane] - 22, x2 - x1, 44);
      g.globalAlpha = 1;
      panel.line(x1, lane < 0 ? 15 : laneY[lane] - 22, x2, lane < 0 ? 15 : laneY[lane] - 22, tones.warn, 2);
    }
  }
  function nameFaults(panel) {
    const taken = [];
    for (const fault of faultsInView()) {
      const [x1] = extentOf(panel, fault);
      const lane = laneOfFault(fault);
      const width = fault.label.length * 6.2;
      const isFree = (y) => !taken.some(([left, right, top]) => x1 < right && x1 + width > left && Math.abs(top - y) < 9);
      const y = (lane < 0 ? [22, 33] : [laneY[lane] - 16, laneY[lane] + 17]).find(isFree);
      if (y === undefined) continue;
      taken.push([x1, x1 + width, y]);
      panel.text(fault.label, x1 + 4, y, { size: 10.5, weight: 600, colour: tones.warn, halo: true });
    }
  }
  function drawNode(panel, lane) {
    const { g } = panel;
    const y = laneY[lane] - BAND / 2;
    const [from, to] = state.view;
    for (const [start, end, role, term] of roleSpans[lane]) {
      if (end < from || start > to) continue;
      const x1 = panel.x(Math.max(start, from));
      const x2 = Math.max(panel.x(Math.min(end, to)), x1 + 1);
      if (role === DOWN) {
        g.fillStyle = tones.card;
        g.fillRect(x1, y, x2 - x1, BAND);
        panel.line(x1, laneY[lane], x2, laneY[lane], paint(page.rolePaints[DOWN]), 1.5, [2, 3]);
        for (const x of [x1, x2]) panel.line(x, y - 1, x, y + BAND + 1, paint(page.rolePaints[DOWN]), 2);
        panel.text('down', (x1 + x2) / 2, laneY[lane], { size: 10.5, weight: 600, align: 'center', colour: paint(page.rolePaints[DOWN]), halo: true, max: x2 - x1 - 6 });
        continue;
      }
      g.fillStyle = paint(page.rolePaints[role]);
      g.fillRect(x1, y, x2 - x1, BAND);
      if (start > from) panel.line(x1, y, x1, y + BAND, tones.card, 1);
      const label = (role === 0 ? '' : page.roles[role] + ' ') + 'term ' + term;
      const onBand = role === 2 || (role === 0 && darkQuery.matches) ? '#ffffff' : '#1d2430';
      panel.text(label, x1 + 5, laneY[lane] + 0.5, { size: 10, weight: 560, colour: onBand, max: x2 - x1 - 8 });
    }
    drawCommits(panel, lane);
  }
  /** Elections that were won, nodes that came back, what became of the entry in question, on the lanes where it happened. */
  function drawMoments(panel) {
    const { g } = panel;
    const taken = [];
    for (const { at, kind, node, text } of run.story) {
      if (at < state.view[0] || at > state.view[1] || node === undefined || laneY[node] < 0) continue;
      const isEntry = kind === 'entry';
      const isBack = / is up again/.test(text);
      if (!isEntry && !isBack && !/ elected /.test(text)) continue;
      const x = panel.x(at);
      const y = laneY[node] + (isEntry || isBack ? BAND / 2 + 1 : -BAND / 2 - 1);
      const down = isEntry || isBack ? 1 : -1;
      const colour = isEntry ? tones.accent : isBack ? tones.muted : paint(page.rolePaints[2]);
      g.fillStyle = colour;
      g.beginPath();
      g.moveTo(x, y);
      g.lineTo(x - 5, y + down * 8);
      g.lineTo(x + 5, y + down * 8);
      g.fill();
      const words = text.slice(text.indexOf(' ') + 1);
      const width = words.length * 6;
      const isRight = x + width > panel.width - RIGHT;
      const left = isRight ? x - width - 8 : x;
      const place = [7, 18, 29].find((offset) => !taken.some((other) => left < other[1] && left + width > other[0] && Math.abs(other[2] - y - down * offset) < 9));
      if (place === undefined) continue;
      taken.push([left, left + width, y + down * place]);
      panel.text(words, isRight ? x - 8 : x + 8, y + down * place, { size: 10.5, weight: 640, colour, align: isRight ? 'right' : 'left', halo: true });
    }
  }
  /** How far a node knows the log to be committed: a tick where it grows, with the index where there is room. */
  function drawCommits(panel, lane) {
    const { at, node, commit } = run.steps;
    const [from, to] = state.view;
    let lastX = -100;
    let lastText = -100;
    let before = 0;
    for (let i = lowerBound(at, from); i < at.length && at[i] <= to; i++) {
      if (node[i] !== lane || commit[i] === before) continue;
      before = commit[i];
      const x = panel.x(at[i]);
      if (x - lastX < 2) continue;
      lastX = x;
      panel.line(x, laneY[lane] + BAND / 2, x, laneY[lane] + BAND / 2 + 5, tones.text, 1);
      if (x - lastText < 60 || drawn.length > 200) continue;
      lastText = x;
      panel.text('c' + commit[i], x + 2, laneY[lane] + BAND / 2 + 7, { size: 9, colour: tones.muted });
    }
  }
  /** First place in ascending numbers that is not below. */
  function lowerBound(numbers, value) {
    let from = 0;
    for (let to = numbers.length; from < to; ) {
      const middle = (from + to) >> 1;
      if (numbers[middle] < value) from = middle + 1;
      else to = middle;
    }
    return from;
  }
`;
