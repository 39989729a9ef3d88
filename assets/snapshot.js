/* A part of the page as an image: every element is made anew with the styles it has on the screen, what the
   style sheets add before and after it too, and drawn by the browser itself. No request leaves for it but for
   our own font and pictures. Long parts are copied in slices, so that the page goes on answering. */
(function () {
  'use strict';
  const DROPPED = '.visually-hidden, .w-table[hidden], script, link, .modebar-container';
  const EMPTIED = '.w-more, .gs-handle, .live-dot';  // Nothing for a picture, but the words beside them keep their place.
  const KEPT = ['colspan', 'rowspan', 'span', 'start', 'value', 'max', 'low', 'high', 'optimum', 'dir', 'lang', 'open', 'alt'];
  const XHTML = 'http://www.w3.org/1999/xhtml';
  const MOVING = /^(animation|transition|cursor|will-change|view-transition|container|contain-intrinsic|scroll-|overscroll)|(^|-)(block|inline)(-|$)/;
  const SLICE = 12;

  let names = null;  // Of the properties that are written; the logical ones say the same as the physical.
  let bench = null;
  const bare = new Map();
  let font = null;

  const pause = () => new Promise((resolve) => { setTimeout(resolve, 0); });

  /* Calls that wait only when the page has been kept busy for a slice. */
  function breathing(signal) {
    let until = performance.now() + SLICE;
    return async () => {
      if (performance.now() < until) return;
      await pause();
      if (signal?.aborted) throw new DOMException('Cancelled', 'AbortError');
      until = performance.now() + SLICE;
    };
  }

  const data = async (url) => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error('A part of the widget cannot be read.');
    const blob = await answer.blob();
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(new Error('A part of the widget cannot be read.'));
      reader.readAsDataURL(blob);
    });
  };

  /* Our font, because a picture within a picture cannot ask for one. */
  function fontFace() {
    const link = document.querySelector('link[rel="preload"][as="font"]');
    font = font || (link ? data(link.href).then((url) =>
      `@font-face{font-family:Inter;src:url("${url}") format("woff2");font-weight:100 900}`).catch(() => '') : Promise.resolve(''));
    return font;
  }

  /* What an element of this kind looks like where no style sheet of ours reaches. */
  function bareValues(node) {
    const key = `${node.namespaceURI} ${node.localName}`;
    if (!bare.has(key)) {
      if (!bench) {
        const host = document.createElement('div');
        host.style.cssText = 'all:initial;position:absolute;left:-9999px;width:7.125px;height:0;overflow:hidden';
        host.setAttribute('aria-hidden', 'true');
        document.body.append(host);
        bench = host.attachShadow({ mode: 'open' });
      }
      const one = document.createElementNS(node.namespaceURI, node.localName);
      bench.append(one);
      bare.set(key, values(getComputedStyle(one)));
      one.remove();
    }
    return bare.get(key);
  }

  function values(style) {
    names = names || [...getComputedStyle(document.body)].filter((name) => !MOVING.test(name));
    return names.map((name) => style.getPropertyValue(name));
  }

  /* Written is what differs from a bare element or, as it may be inherited, from the one above. */
  function dress(made, style, above) {
    const own = values(style);
    const usual = bareValues(made);
    let css = '';
    own.forEach((value, index) => {
      const name = names[index];
      // A width that is none for want of a line would come back with the line.
      if (above && value === usual[index] && value === above[index] && !name.endsWith('-width')) return;
      const still = name.startsWith('overflow') && name !== 'overflow-wrap' && /auto|scroll/.test(value) ? 'hidden' : value;
      css += `${name}:${still};`;
    });
    made.setAttribute('style', css);
    return own;
  }

  function shell(from) {
    const made = document.createElementNS(from.namespaceURI, from.localName);
    const taken = from.namespaceURI === XHTML ? KEPT.map((name) => from.getAttributeNode(name)).filter(Boolean) : [...from.attributes];
    for (const { name, value } of taken) if (name !== 'class' && !name.startsWith('data-')) made.setAttribute(name, value);
    return made;
  }

  /* A chart lies there as elements already, with its looks written on them. */
  function chart(svg) {
    const made = svg.cloneNode(true);
    const { position, left, top } = getComputedStyle(svg);
    made.setAttribute('style', `position:${position};left:${left};top:${top};overflow:hidden`);
    made.querySelectorAll('.hoverlayer, .cursor-crosshair, .drag, .zoombox').forEach((node) => node.remove());
    return made;
  }

  /* The words that a style sheet puts before or after an element, or its bare shape. */
  function added(from, which, above) {
    const style = getComputedStyle(from, which);
    const { content } = style;
    if (content === 'none' || content === 'normal' || style.display === 'none') return null;
    const made = document.createElement('span');
    dress(made, style, above);
    if (content.startsWith('"')) made.textContent = content.slice(1, -1).replace(/\\(.)/g, '$1');
    return made;
  }

  async function filled(image, url) {
    image.setAttribute('src', url.startsWith('data:') ? url : await data(url));
  }

  /* A copy of a part of the page that needs nothing else of it. */
  async function copy(root, breathe) {
    const top = document.createDocumentFragment();
    const end = root.getBoundingClientRect().bottom;
    const pictures = [];
    const work = [{ from: root, to: top, above: null }];
    while (work.length) {
      await breathe();
      const { from, to, above, which } = work.pop();
      if (which) { to.append(added(from, which, above) || ''); continue; }
      if (from.nodeType === Node.TEXT_NODE) { to.append(from.data); continue; }
      if (from.nodeType !== Node.ELEMENT_NODE || from.matches(DROPPED)) continue;
      if (from.matches('.main-svg')) { to.append(chart(from)); continue; }
      const style = getComputedStyle(from);
      if (style.display === 'none') continue;
      // Of a long list only what is seen is copied: rows further down are behind its edge, and keep their place.
      const blank = from.matches(EMPTIED) || (from.matches('tr, li') && from.getBoundingClientRect().top > end);
      const made = from.localName === 'details' && blank ? document.createElement('span') : shell(from);
      const own = dress(made, style, above);
      if (from === root) { made.style.margin = '0'; made.style.position = 'relative'; made.style.inset = 'auto'; }
      to.append(made);
      if (blank) continue;
      if (from.localName === 'img' && from.currentSrc) pictures.push(filled(made, from.currentSrc));
      const html = from.namespaceURI === XHTML;
      const inner = from.localName === 'details' && !from.open ? [...from.children].slice(0, 1) : [...from.childNodes];
      if (html) work.push({ from, to: made, above: own, which: '::after' });
      for (const child of inner.reverse()) work.push({ from: child, to: made, above: own });
      if (html) work.push({ from, to: made, above: own, which: '::before' });
    }
    await Promise.all(pictures);
    return top;
  }

  /* An image of a part of the page, `width` × `height` CSS pixels with room for what stands below it. */
  async function image(root, { signal, foot = '', background = 'transparent' } = {}) {
    const { width, height } = root.getBoundingClientRect();
    if (!width || !height) throw new Error('This is not on the screen.');
    const room = foot ? 22 : 0;
    const frame = document.createElement('div');
    frame.setAttribute('xmlns', XHTML);
    frame.style.cssText = `width:${width}px;height:${height + room}px;background:${background};font-family:${getComputedStyle(document.body).fontFamily}`;
    const style = document.createElement('style');
    style.textContent = await fontFace();
    frame.append(style, await copy(root, breathing(signal)));
    if (foot) {
      const note = document.createElement('div');
      note.style.cssText = `box-sizing:border-box;height:${room}px;padding:2px 14px;font-size:11px;color:${token('--muted')}`;
      note.textContent = foot;
      frame.append(note);
    }
    // What XML knows no sign for would spoil it all.
    const inside = new XMLSerializer().serializeToString(frame)
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd');
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + room}"><foreignObject width="100%" height="100%">${inside}</foreignObject></svg>`;
    const drawn = new Image();
    drawn.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
    await drawn.decode().catch(() => { throw new Error('The browser cannot draw this as a picture.'); });
    return { drawn, width, height: height + room };
  }

  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /* A canvas of this size, or null where the browser has none so large: it says so by drawing nothing. */
  function canvas(width, height) {
    const made = document.createElement('canvas');
    made.width = width;
    made.height = height;
    const context = made.getContext('2d', { alpha: false });
    if (!context) return null;
    context.fillStyle = '#fff';
    context.fillRect(width - 1, height - 1, 1, 1);
    try { return context.getImageData(width - 1, height - 1, 1, 1).data[0] === 255 ? context : null; } catch { return null; }
  }

  /* {url, bytes} of what was drawn. */
  async function png(context) {
    const blob = await new Promise((resolve) => { context.canvas.toBlob(resolve, 'image/png'); });
    if (!blob) throw new Error('The browser cannot draw this as a picture.');
    const url = URL.createObjectURL(blob);
    setTimeout(() => URL.revokeObjectURL(url), 600000);
    return { url, bytes: blob.size };
  }

  window.Housecount = { ...window.Housecount, snapshot: { image, canvas, png, token, pause } };
})();
