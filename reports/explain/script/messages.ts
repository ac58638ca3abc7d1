/** In the page: messages as slanted lines, which one is under the pointer, and what it says. */
export const MESSAGES_SCRIPT = `
  // ——— messages ———
  const { messages } = run;
  const sentAt = new Float64Array(messages.sent.length);
  for (let i = 0, at = 0; i < sentAt.length; i++) sentAt[i] = at += messages.sent[i];
  const laneOf = (machine) => Math.min(machine, CLIENTS);
  /** How long the longest under way was: what was sent before the view may arrive in it. */
  const tookMost = messages.took.reduce((most, took) => Math.max(most, took), 0);
  const MAX_LINES = 12000;
  /** Of each message that is drawn: [number, x1, y1, x2, y2]. */
  let drawn = [];
  /**
   * What belongs to what is picked: of an operation its requests and replies, the appends that carry its entry, and of a
   * read what the node that was asked says and hears of read indices meanwhile.
   */
  let related = { pick: '', test: () => true };
  function isRelated(i) {
    if (related.pick !== state.pick) related = { pick: state.pick, test: relationOf(state.pick) };
    return related.test(i);
  }
  function relationOf(name) {
    if (name === '') return () => true;
    const picked = Number(name.slice(1));
    if (name[0] === 'm' && messages.kind[picked] > 1) return (i) => i === picked;
    const [session, sequence] = name[0] === 'o'
      ? [operations.session[picked], operations.sequence[picked]]
      : [messages.a[picked], messages.b[picked]];
    const o = name[0] === 'o' ? picked : operations.session.findIndex((each, i) => each === session && operations.sequence[i] === sequence);
    const isOwn = (i) => messages.kind[i] < 2 && messages.a[i] === session && messages.b[i] === sequence;
    if (o < 0) return isOwn;
    const asked = new Set();
    for (let i = 0; i < sentAt.length; i++) if (messages.kind[i] === 0 && isOwn(i)) asked.add(messages.to[i]);
    const entry = operations.entry[o];
    const isRead = entry === 0 && operations.operation[o] === 1;
    const isMeanwhile = (i) => sentAt[i] >= operations.called[o] && sentAt[i] <= endOf(o);
    return (i) => {
      if (isOwn(i)) return true;
      const kind = page.kinds[messages.kind[i]];
      if (kind === 'append') return entry > messages.b[i] && entry <= messages.b[i] + messages.e[i];
      return isRead && kind === 'read' && isMeanwhile(i) && (asked.has(messages.from[i]) || asked.has(messages.to[i]));
    };
  }
  function visibleMessages() {
    const [from, to] = state.view;
    const found = [];
    const kinds = page.kinds.map((kind) => !state.hide.has(kind));
    const lastTo = lowerBound(sentAt, to);
    for (let i = lowerBound(sentAt, from - tookMost); i < lastTo; i++) {
      if (!kinds[messages.kind[i]]) continue;
      if (messages.took[i] >= 0 && sentAt[i] + messages.took[i] < from) continue;
      if (laneY[laneOf(messages.from[i])] < 0 || laneY[laneOf(messages.to[i])] < 0) continue;
      found.push(i);
    }
    return found;
  }
  function drawMessages(panel) {
    const { g } = panel;
    let visible = visibleMessages();
    const count = visible.length;
    if (count > MAX_LINES) visible = visible.filter((_, n) => n % Math.ceil(count / MAX_LINES) === 0);
    note.textContent = count > MAX_LINES ? 'Too many messages for one picture: every ' + Math.ceil(count / MAX_LINES) + 'th is drawn. Zoom in for all.' : '';
    drawn = visible.map((i) => [i, ...lineOf(panel, i)]);
    const dense = count > 1500 ? 0.35 : count > 500 ? 0.6 : 0.9;
    g.lineWidth = count > 1500 ? 0.7 : 1.2;
    for (const isFront of state.pick === '' ? [true] : [false, true]) {
      for (const [i, x1, y1, x2, y2] of drawn) {
        const isOfPick = isRelated(i);
        if (isOfPick !== isFront) continue;
        g.globalAlpha = state.pick === '' ? dense : isOfPick ? 1 : 0.13;
        drawMessage(panel, i, x1, y1, x2, y2, state.pick !== '' && isOfPick);
      }
    }
    g.globalAlpha = 1;
    labelMessages(panel);
  }
  function lineOf(panel, i) {
    const down = laneY[laneOf(messages.to[i])] >= laneY[laneOf(messages.from[i])] ? 1 : -1;
    const y1 = laneY[laneOf(messages.from[i])] + (laneOf(messages.from[i]) === CLIENTS ? 0 : (down * BAND) / 2);
    let y2 = laneY[laneOf(messages.to[i])] - (laneOf(messages.to[i]) === CLIENTS ? 0 : (down * BAND) / 2);
    const x1 = panel.x(sentAt[i]);
    let x2 = panel.x(messages.took[i] < 0 ? run.result.virtualTimeNs : sentAt[i] + messages.took[i]);
    if (messages.fate[i] === LOST) {
      // it ends on the way, wherever its connection did
      y2 = y1 + (y2 - y1) * 0.45;
      x2 = Math.min(x2, x1 + 60);
    } else if (messages.fate[i] === UNDER_WAY) y2 = y1 + (y2 - y1) * 0.6;
    return [x1, y1, x2, y2];
  }
  function drawMessage(panel, i, x1, y1, x2, y2, isPicked) {
    const { g } = panel;
    const colour = paint(page.messagePaints[messages.kind[i]]);
    const isWhole = messages.fate[i] === DELIVERED;
    panel.line(x1, y1, x2, y2, messages.fate[i] === LOST ? tones.bad : colour, isPicked ? 2.2 : isWhole ? g.lineWidth : 1.2, isWhole ? undefined : [4, 3]);
    g.lineWidth = isPicked ? 2.2 : 1.2;
    if (messages.fate[i] === LOST) {
      panel.line(x2 - 4, y2 - 4, x2 + 4, y2 + 4, tones.bad, 1.8);
      panel.line(x2 - 4, y2 + 4, x2 + 4, y2 - 4, tones.bad, 1.8);
    } else if (isWhole && (isPicked || drawn.length < 400)) {
      const angle = Math.atan2(y2 - y1, x2 - x1);
      g.fillStyle = colour;
      g.beginPath();
      g.moveTo(x2, y2);
      g.lineTo(x2 - 7 * Math.cos(angle - 0.4), y2 - 7 * Math.sin(angle - 0.4));
      g.lineTo(x2 - 7 * Math.cos(angle + 0.4), y2 - 7 * Math.sin(angle + 0.4));
      g.fill();
    }
  }
  /** Words beside the lines, where they keep clear of one another. */
  function labelMessages(panel) {
    const taken = [];
    const candidates = drawn.filter(([i]) => state.pick === '' || isRelated(i));
    if (candidates.length > 160) return;
    for (const [i, x1, y1, x2, y2] of candidates) {
      const text = shortText(i);
      const share = 0.35;
      const x = x1 + (x2 - x1) * share + 4;
      const y = y1 + (y2 - y1) * share;
      const width = text.length * 5.6;
      if (x + width > panel.width || taken.some(([left, right, top]) => x < right && x + width > left && Math.abs(y - top) < 11)) continue;
      taken.push([x, x + width, y]);
      panel.text(text, x, y, { size: 10, colour: paint(page.messagePaints[messages.kind[i]]), halo: true });
    }
  }
  function shortText(i) {
    const kind = page.kinds[messages.kind[i]];
    const { a, b, c, d, e, f, type } = messages;
    if (kind === 'request') return page.operationNames[type[i]] + ' s' + a[i];
    if (kind === 'reply') return page.statuses[type[i]] + ' s' + a[i];
    if (kind === 'append') return e[i] === 0 ? 'append –' : 'append ' + (b[i] + 1) + (e[i] > 1 ? '–' + (b[i] + e[i]) : '');
    if (kind === 'ack') return f[i] ? 'rejects ' + b[i] : 'ack ' + b[i];
    if (kind === 'vote') return (page.types[type[i]] ?? '').replace(/^Msg/, '') + ' t' + a[i] + (/Resp$/.test(page.types[type[i]]) ? (f[i] ? ' ✗' : ' ✓') : '');
    if (kind === 'snapshot') return 'snapshot ' + b[i];
    return (page.types[type[i]] ?? kind).replace(/^Msg/, '');
  }
  function machineName(machine) {
    return machine < run.nodes.length ? run.nodes[machine] : 'clients' + (machine - run.nodes.length + 1);
  }
  function messageFacts(i) {
    const kind = page.kinds[messages.kind[i]];
    const { a, b, c, d, e, f, type } = messages;
    const ended = sentAt[i] + messages.took[i];
    const facts = [
      ['', machineName(messages.from[i]) + ' → ' + machineName(messages.to[i]) + ': ' + (kind === 'request' ? page.operationNames[type[i]] : kind === 'reply' ? 'reply' : page.types[type[i]] ?? kind)],
      ['sent', timeText(sentAt[i], 1)],
      messages.fate[i] === DELIVERED ? ['arrived', timeText(ended, 1) + ', after ' + spanText(messages.took[i])]
        : messages.fate[i] === LOST ? ['lost', 'its connection ended at ' + timeText(ended, 1)]
        : ['arrived', 'not before the end of the run'],
    ];
    if (messages.kind[i] < 2) {
      facts.push(['session', a[i] + ', request ' + b[i]]);
      if (kind === 'reply') facts.push(['says', page.statuses[type[i]]]);
      if (kind === 'reply' && c[i] > 0) facts.push(['revision', String(c[i])]);
    } else if (kind !== 'other') {
      facts.push(['term', String(a[i])]);
      if (kind === 'append') {
        facts.push(['after entry', b[i] + ' of term ' + c[i]], ['entries', e[i] === 0 ? 'none' : String(e[i])], ['commit', String(d[i])]);
      } else if (kind === 'ack') facts.push([f[i] ? 'rejects, at' : 'has up to', String(b[i])]);
      else if (kind === 'vote' && /Resp$/.test(page.types[type[i]])) facts.push(['answer', f[i] ? 'no' : 'yes']);
      else if (kind === 'vote') facts.push(['last entry', b[i] + ' of term ' + c[i]]);
      else if (kind === 'snapshot') facts.push(['up to entry', b[i] + ' of term ' + c[i]]);
      else if (d[i] > 0) facts.push(['commit', String(d[i])]);
    }
    facts.push(['bytes', bytesText(messages.bytes[i]) + ' with all that travelled along']);
    return facts;
  }
  function messageAt(x, y) {
    let best = -1;
    let nearest = 7;
    for (const [i, x1, y1, x2, y2] of drawn) {
      const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
      const share = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length));
      const distance = Math.hypot(x - x1 - share * (x2 - x1), y - y1 - share * (y2 - y1));
      if (distance < nearest) {
        nearest = distance;
        best = i;
      }
    }
    return best;
  }
`;
