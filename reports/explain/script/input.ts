/** In the page: pointer, wheel, keys, buttons and address. */
export const INPUT_SCRIPT = `
  // ——— looking ———
  let frame = 0;
  function draw() {
    frame = 0;
    readTones();
    drawOverview();
    drawLanes();
    drawDisks();
    drawOperations();
    const [from, to] = state.view;
    range.textContent = timeText(from, 1e3) + ' – ' + timeText(to, 1e3) + ' (' + spanText(to - from) + ')';
    document.documentElement.dataset.drawn = drawn.length + ' messages, ' + barsDrawn.length + ' operations';
  }
  function redraw() {
    if (frame === 0) frame = requestAnimationFrame(draw);
  }
  let remembering = 0;
  function changed() {
    redraw();
    clearTimeout(remembering);
    remembering = setTimeout(() => history.replaceState(null, '', formatState(state, page)), 200);
  }
  function look(from, to) {
    state.view = clampView(from, to, page.window);
    changed();
  }
  function zoom(factor, at) {
    const [from, to] = state.view;
    const centre = at ?? (from + to) / 2;
    look(centre - (centre - from) * factor, centre + (to - centre) * factor);
  }
  function pan(share) {
    const [from, to] = state.view;
    look(from + (to - from) * share, to + (to - from) * share);
  }
  /** The moment into the view, with the view's length. */
  function goTo(at) {
    const half = (state.view[1] - state.view[0]) / 2;
    cursor = at;
    look(at - half, at + half);
    if (at < run.window[0] || at > run.window[1]) note.textContent = outsideText(at);
  }
  function outsideText(at) {
    return 'The page holds what was sent from ' + timeText(run.window[0], 1e3) + ' to ' + timeText(run.window[1], 1e3) + '. For ' + timeText(at, 1e3) + ': ' + run.lines.explain + ' --from ' + Math.max(0, Math.floor(at / 1e6) - 100) + 'ms --to ' + (Math.ceil(at / 1e6) + 100) + 'ms';
  }
  function pick(name) {
    state.pick = name;
    showFacts(factsOf(name), details, true);
    changed();
  }
  function factsOf(name) {
    if (name === '') return [];
    return name[0] === 'm' ? messageFacts(Number(name.slice(1))) : operationFacts(Number(name.slice(1)));
  }
  function showFacts(facts, into, isKept) {
    into.replaceChildren();
    if (facts.length === 0 && isKept) into.textContent = 'Nothing picked: click a message or an operation. Of an operation all messages are shown.';
    for (const [name, value] of facts) {
      const row = document.createElement('div');
      const left = document.createElement('span');
      const right = document.createElement('span');
      left.textContent = name;
      right.textContent = value;
      row.append(left, right);
      into.append(row);
    }
  }

  // ——— pointer ———
  const tip = document.getElementById('tip');
  const pointers = new Map();
  let dragged = 0;
  function place(event) {
    const gap = 14;
    const x = event.clientX + gap + tip.offsetWidth > window.innerWidth ? event.clientX - gap - tip.offsetWidth : event.clientX + gap;
    const y = event.clientY + gap + tip.offsetHeight > window.innerHeight ? event.clientY - gap - tip.offsetHeight : event.clientY + gap;
    tip.style.left = Math.max(4, x) + 'px';
    tip.style.top = Math.max(4, y) + 'px';
  }
  function under(panel, event) {
    if (panel === panels.lanes) {
      const i = messageAt(event.offsetX, event.offsetY);
      return i < 0 ? '' : 'm' + i;
    }
    if (panel !== panels.operations) return '';
    const i = operationAt(event.offsetX, event.offsetY);
    return i < 0 ? '' : 'o' + i;
  }
  function nodeFacts(panel, event) {
    const lane = laneY.findIndex((y) => y >= 0 && Math.abs(y - event.offsetY) < 10);
    if (panel !== panels.lanes || lane < 0 || lane === CLIENTS || event.offsetX < panel.left) return [];
    const at = panel.time(event.offsetX);
    const span = roleSpans[lane].findLast((each) => each[0] <= at);
    if (span === undefined) return [];
    const facts = [['', page.lanes[lane] + ' at ' + timeText(at, 1e3)], ['is', page.roles[span[2]]], ['term', String(span[3])]];
    const { at: times, node, commit, applied } = run.steps;
    let i = lowerBound(times, at);
    while (i > 0 && (i === times.length || node[i] !== lane || times[i] > at)) i--;
    if (node[i] === lane) facts.push(['commit', 'up to entry ' + commit[i]], ['applied', 'up to entry ' + applied[i]]);
    return facts;
  }
  function watch(panel) {
    const { canvas } = panel;
    canvas.addEventListener('pointerdown', (event) => {
      pointers.set(event.pointerId, event);
      dragged = 0;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      const before = pointers.get(event.pointerId);
      if (before === undefined) {
        hover(panel, event);
        return;
      }
      const others = [...pointers.values()].filter((other) => other.pointerId !== event.pointerId);
      if (others.length > 0) {
        const gapBefore = Math.abs(before.clientX - others[0].clientX);
        const gap = Math.abs(event.clientX - others[0].clientX);
        if (gapBefore > 10 && gap > 10) zoom(gapBefore / gap, panel.time((event.offsetX + others[0].offsetX) / 2));
      } else {
        const pixels = before.clientX - event.clientX;
        dragged += Math.abs(pixels);
        look(state.view[0] + pixels * panel.nsPerPixel, state.view[1] + pixels * panel.nsPerPixel);
      }
      pointers.set(event.pointerId, event);
    });
    const release = (event) => {
      const wasDown = pointers.delete(event.pointerId);
      if (wasDown && event.type === 'pointerup' && dragged < 4) pick(under(panel, event));
    };
    canvas.addEventListener('pointerup', release);
    canvas.addEventListener('pointercancel', release);
    canvas.addEventListener('pointerleave', () => {
      tip.hidden = true;
      cursor = undefined;
      redraw();
    });
    // a page that does not scroll under the pointer is worse than a key to be held
    canvas.addEventListener('wheel', (event) => {
      const isWanted = event.ctrlKey || event.metaKey || document.activeElement === canvas;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) pan((event.deltaX || event.deltaY) / 800);
      else if (isWanted) zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 150), panel.time(event.offsetX));
      else return;
      event.preventDefault();
    }, { passive: false });
    canvas.addEventListener('keydown', onKey);
  }
  function hover(panel, event) {
    cursor = panel.time(event.offsetX);
    const name = under(panel, event);
    const facts = name === '' ? nodeFacts(panel, event) : factsOf(name);
    tip.hidden = facts.length === 0;
    panel.canvas.style.cursor = name === '' ? 'grab' : 'pointer';
    if (facts.length > 0) {
      showFacts(facts, tip, false);
      place(event);
    }
    redraw();
  }
  function watchOverview() {
    const { canvas } = panels.overview;
    const move = (event) => {
      if (event.buttons === 0) return;
      const at = panels.overview.time(event.offsetX);
      goTo(Math.max(0, Math.min(run.result.virtualTimeNs, at)));
      cursor = undefined;
    };
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      move(event);
    });
    canvas.addEventListener('pointermove', move);
    canvas.addEventListener('keydown', onKey);
  }

  // ——— keys ———
  function nextMessage(step) {
    const order = drawn.map(([i]) => i);
    const at = state.pick[0] === 'm' ? order.indexOf(Number(state.pick.slice(1))) : -1;
    const next = order[at < 0 ? (step > 0 ? 0 : order.length - 1) : at + step];
    if (next !== undefined) pick('m' + next);
  }
  const KEYS = {
    ArrowLeft: () => pan(-0.15),
    ArrowRight: () => pan(0.15),
    '+': () => zoom(0.6),
    '=': () => zoom(0.6),
    '-': () => zoom(1 / 0.6),
    Home: () => look(...page.view),
    v: () => look(...page.view),
    End: () => look(...run.window),
    a: () => look(...run.window),
    n: () => nextMessage(1),
    p: () => nextMessage(-1),
    Escape: () => pick(''),
  };
  function onKey(event) {
    const action = KEYS[event.key];
    if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  }

  // ——— buttons ———
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button');
    if (button === null) return;
    const { copy, key, at } = button.dataset;
    if (key !== undefined) KEYS[key]();
    else if (at !== undefined) {
      goTo(Number(at));
      document.getElementById('lanes').scrollIntoView({ block: 'nearest' });
    } else if (copy !== undefined) {
      const text = document.getElementById(copy).textContent;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        getSelection().selectAllChildren(document.getElementById(copy));
        document.execCommand('copy');
      }
      button.textContent = 'copied';
      setTimeout(() => { button.textContent = 'copy'; }, 1500);
    }
  });
  document.addEventListener('change', (event) => {
    const { kind, lane, keys } = event.target.dataset;
    if (kind !== undefined) event.target.checked ? state.hide.delete(kind) : state.hide.add(kind);
    if (lane !== undefined) event.target.checked ? state.off.delete(lane) : state.off.add(lane);
    if (keys !== undefined) state.allKeys = event.target.checked;
    changed();
  });
  function readAddress() {
    state = parseState(location.hash, page);
    for (const box of document.querySelectorAll('input[data-kind]')) box.checked = !state.hide.has(box.dataset.kind);
    for (const box of document.querySelectorAll('input[data-lane]')) box.checked = !state.off.has(box.dataset.lane);
    for (const box of document.querySelectorAll('input[data-keys]')) box.checked = state.allKeys;
    showFacts(factsOf(state.pick), details, true);
    redraw();
  }
  for (const panel of [panels.lanes, panels.disks, panels.operations]) watch(panel);
  watchOverview();
  window.addEventListener('hashchange', readAddress);
  window.addEventListener('resize', redraw);
  darkQuery.addEventListener('change', redraw);
  readAddress();
  // the end of the story is what one came for
  const story = byId('story-lines');
  story.scrollTop = story.scrollHeight;
`;
