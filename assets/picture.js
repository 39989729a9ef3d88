/* Pictures, made in the browser: of one widget, and of a whole board as it stands on the screen with its name,
   what it looks at and of when it is. */
(function () {
  'use strict';
  const { fileName, snapshot: { image, canvas, png, token, pause } } = window.Housecount;
  const SCALE = 2;
  const EDGE = 24;
  const NARROW = 560;
  const PATIENCE = 10000;
  // The longest side and the most pixels of a canvas: four bytes each, and older browsers have less.
  const LIMITS = [[32000, 64e6], [16384, 64e6], [8192, 16.7e6], [4096, 16.7e6]];

  const titleOf = (root) => root?.querySelector('h1')?.textContent || '';
  const pageOf = (node) => node.closest('[data-dashboard], [data-figures], .night, [data-still]');

  /* What a file is called, as the server calls those it writes: page, widget, range; the night by its event. */
  function nameOf(root, widget) {
    const title = widget && (widget.querySelector('h2')?.textContent || 'widget');
    if (root?.matches('.night')) {
      return fileName(['Tonight', title, titleOf(root)].filter(Boolean), Date.now(), window.Housecount.board.state().event.zone, 'png');
    }
    const [range, zone] = looksAt(root);
    return fileName([titleOf(root), title, widget?.dataset.range || range].filter(Boolean), Date.now(), zone, 'png');
  }

  /* Range and zone of a page, as its bar or a link has them. */
  function looksAt(root) {
    const { range = '', zone = '' } = (root?.matches('[data-range]') ? root : root?.querySelector('[data-range]:not(.widget)'))?.dataset || {};
    return [range, zone];
  }

  /* A picture is what is on the screen; where that is not all of a widget, it says so. */
  function goesOn(widget) {
    const scrolls = (way) => /auto|scroll/.test(way);
    return [...widget.querySelectorAll('*')].some((list) => {
      const down = list.scrollHeight > list.clientHeight + 1;
      if (!down && list.scrollWidth <= list.clientWidth + 1) return false;
      const { overflowX, overflowY } = getComputedStyle(list);
      return (down && scrolls(overflowY)) || (list.scrollWidth > list.clientWidth + 1 && scrolls(overflowX));
    });
  }

  /* {url, name} of the picture of a widget's frame. */
  async function picture(widget) {
    const said = asOf([widget]).join(' · ');
    const foot = [said, goesOn(widget) && 'There is more than fits here', 'Housecount'].filter(Boolean).join(' · ');
    const { drawn, width, height } = await image(widget, { foot, background: token('--surface') });
    const context = canvas(Math.ceil(width * SCALE), Math.ceil(height * SCALE));
    if (!context) throw new Error('The browser cannot draw this as a picture.');
    fill(context);
    context.scale(SCALE, SCALE);
    context.drawImage(drawn, 0, 0);
    return { ...await png(context), name: nameOf(pageOf(widget), widget) };
  }

  function fill(context, colour = token('--surface')) {
    context.fillStyle = colour;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  }

  /* How many pixels there are for each of the screen: two, or what the limits leave. */
  const fitting = (width, height, [side, area]) =>
    Math.min(SCALE, side / Math.max(width, height), Math.sqrt(area / (width * height)));

  function sheet(width, height) {
    for (const limit of LIMITS) {
      const scale = fitting(width, height, limit);
      const context = canvas(Math.floor(width * scale), Math.floor(height * scale));
      if (context) return { context, scale };
    }
    throw new Error('The browser has no room for a picture of this size.');
  }

  const words = (root, selector) => [...root.querySelectorAll(selector)].map((node) => node.textContent.trim()).filter(Boolean);

  /* What the bar says, as a line. */
  function filters(root) {
    if (root.matches('.night')) return '';  // One event, whose name stands above.
    const chosen = words(root, '.filter-shown').filter((text) => text !== 'No comparison');
    const picked = [...root.querySelectorAll('.filter-chip')].map((chip) =>
      chip.querySelector('.muted').textContent + chip.querySelector('.filter-value').textContent);
    return [...chosen, ...picked].join(' · ');
  }

  /* Of when the figures are: as their widgets say, and the night by its line. */
  function asOf(widgets) {
    const night = window.Housecount.board.state();
    const found = widgets[0]?.closest('.night') ? [{ at: window.Housecount.live.sure(), zone: night.event.zone }] : widgets.map((widget) => {
      const said = widget.querySelector('.w-as-of');
      if (!said) return null;
      return { at: Date.parse(said.dataset.asOf), zone: said.dataset.zone };
    }).filter(Boolean);
    if (!found.length) return [];
    const zones = [...new Set(found.map(({ zone }) => zone))];
    const of = (options) => new Intl.DateTimeFormat('en-GB', { timeZone: zones[0] || 'UTC', ...options });
    const day = of({ day: 'numeric', month: 'short', year: 'numeric' });
    const time = of({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
    const [first, last] = [Math.min, Math.max].map((edge) => edge(...found.map(({ at }) => at)));
    const same = day.format(first) === day.format(last);
    const until = last - first < 1000 ? '' : ` to ${same ? '' : `${day.format(last)}, `}${time.format(last)}`;
    // Widgets of venues in several zones have none.
    const named = zones.filter(Boolean);
    const where = !named.length ? "Each venue's own days"
      : zones.length > 3 || named.length < zones.length ? `Times in ${named[0]}, others by the clock of their venue`
        : `Times in ${named.join(', ')}`;
    return [`As of ${day.format(first)}, ${time.format(first)}${until}${zones[0] ? '' : ' UTC'}`, where];
  }

  function part(name, ...children) {
    const made = document.createElement('div');
    made.className = name;
    made.append(...children.filter(Boolean));
    return made;
  }

  /* The head and the foot are laid out by the page itself, out of sight, for as long as they are drawn. */
  async function laidOut(node, width, use) {
    node.classList.add('picture-part');
    node.style.width = `${width}px`;
    document.body.append(node);
    try { return await use(node); } finally { node.remove(); }
  }

  function head(root, widgets, width) {
    const demo = root.querySelector('.mark.demo');
    const title = part('picture-title', part('picture-name', titleOf(root)), demo?.cloneNode(true));
    const [when, zone] = asOf(widgets);
    const made = part('picture-head',
      part('picture-left', title, part('picture-sub', filters(root))),
      when && part('picture-when', part('num', when), part('', zone)));
    if (width < NARROW) made.classList.add('narrow');
    return made;
  }

  const MOST_NAMED = 5;
  function foot(root, scale, widgets) {
    const names = widgets.filter(goesOn).map((widget) => words(widget, 'h2')[0]).filter(Boolean);
    const others = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} others` : '';
    const more = names.length ? `There is more than fits here: ${names.slice(0, MOST_NAMED).join(', ')}${others}` : '';
    const stale = words(root, '[data-stale-note]:not([data-again])').join(' ');
    const less = scale < SCALE ? `Too large for twice its size: drawn at ${scale.toFixed(2)} times` : '';
    return part('picture-foot', part('picture-brand', 'Housecount'), part('', [stale, more, less].filter(Boolean).join(' · ')));
  }

  /* Widgets that are on their way are waited for, but not for ever. */
  async function settled(root, signal) {
    const end = performance.now() + PATIENCE;
    while (root.querySelector('.slot.waiting, .widget[data-state="waiting"]') && performance.now() < end) {
      await new Promise((resolve) => { setTimeout(resolve, 100); });
      if (signal?.aborted) throw new DOMException('Cancelled', 'AbortError');
    }
  }

  const onto = (context, scale, { drawn, width, height }, x, y) => {
    // On whole pixels, so that thin lines stay sharp.
    const at = (value) => Math.round(value * scale);
    context.drawImage(drawn, at(x), at(y), width * scale, height * scale);
  };

  /* What stands on a board: its slots with their frames, or the cards of the Tonight page. */
  const frameOf = (slot) => slot.querySelector('.widget') || slot;
  function pieces(root) {
    if (root.matches('.night')) return [...root.querySelectorAll('.banners > *, .kpis > *, .board > .card-x')];
    return [...root.querySelectorAll('.slot')].filter((slot) => slot.querySelector('.widget'));
  }

  /* One widget at its place; another frame may have come into its slot meanwhile. */
  async function draw(slot, signal) {
    for (let attempt = 0; ; attempt += 1) {
      const widget = frameOf(slot);
      try {
        const made = await image(widget, { signal });
        if (widget.isConnected) return made;
      } catch (error) {
        if (error.name === 'AbortError' || attempt) throw error;
      }
      if (attempt > 2) throw new Error('This widget does not stand still.');
    }
  }

  /* {url, name, width, height, scale, missed} of the picture of a board or page. `progress(done, all)` is told of
     each widget, `signal` ends it. */
  async function board(root, { progress = () => {}, signal } = {}) {
    await settled(root, signal);
    const slots = pieces(root);
    if (!slots.length) throw new Error('There is no widget on this board.');
    const widgets = slots.map(frameOf);
    const boxes = widgets.map((widget) => widget.getBoundingClientRect());
    const left = Math.min(...boxes.map((box) => box.left));
    const top = Math.min(...boxes.map((box) => box.top));
    const wide = Math.max(...boxes.map((box) => box.right)) - left;
    const high = Math.max(...boxes.map((box) => box.bottom)) - top;
    const edge = wide < NARROW ? 12 : EDGE;
    const title = await laidOut(head(root, widgets, wide), wide, (node) => image(node, { signal }));
    const below = edge + title.height + 16;
    const width = wide + 2 * edge;
    const height = below + high + 34 + edge / 2;
    const { context, scale } = sheet(width, height);
    fill(context, token('--bg'));
    onto(context, scale, title, edge, edge);
    let missed = 0;
    for (const [index, slot] of slots.entries()) {
      progress(index, slots.length);
      await pause();
      try {
        onto(context, scale, await draw(slot, signal), edge + boxes[index].left - left, below + boxes[index].top - top);
      } catch (error) {
        if (error.name === 'AbortError') throw error;
        missed += 1;
      }
    }
    const note = await laidOut(foot(root, scale, slots.map(frameOf)), wide, (node) => image(node, { signal }));
    onto(context, scale, note, edge, below + high + 12);
    progress(slots.length, slots.length);
    const { width: across, height: down } = context.canvas;
    return { ...await png(context), name: nameOf(root), width: across, height: down, scale, missed };
  }

  /* The same of the rows that a drawer shows: {title, words, said, content}, whole, however far they scroll; of
     which `kind` they are, in which `range` and `zone`. */
  async function rows({ title, words: of, said, content, kind, range, zone }, { signal } = {}) {
    const made = part('picture-rows',
      part('picture-title', part('picture-name', title)), part('picture-sub', of), content.cloneNode(true),
      part('picture-foot', part('picture-brand', 'Housecount'), part('', said)));
    const width = Math.max(content.scrollWidth, NARROW) + 2 * EDGE;
    return laidOut(made, width, async (node) => {
      const { drawn, width: wide, height } = await image(node, { signal });
      const { context, scale } = sheet(wide, height);
      if (scale < 1) throw new Error('These are too many rows for one picture that can be read. CSV and Excel hold them all.');
      fill(context);
      onto(context, scale, { drawn, width: wide, height }, 0, 0);
      const { width: across, height: down } = context.canvas;
      return { ...await png(context), name: fileName([kind, range].filter(Boolean), Date.now(), zone, 'png'), width: across, height: down, scale, missed: 0 };
    });
  }

  window.Housecount = { ...window.Housecount, picture, pictureOfBoard: board, pictureOfRows: rows, looksAt: (node) => looksAt(pageOf(node)) };
})();
