/* A widget as a PNG, made in the browser: its head, its body as it looks, and of when it is. A chart is
   drawn once more by plotly, everything else is taken over with the styles it has on the screen. */
(function () {
  'use strict';
  const SCALE = 2;
  const DROPPED = '.w-more, .gs-handle, .live-dot, .visually-hidden, .w-table[hidden], script, .modebar-container';
  let font = null;

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

  function dress(from, to) {
    const style = getComputedStyle(from);
    let css = '';
    for (const name of style) css += `${name}:${style.getPropertyValue(name)};`;
    to.setAttribute('style', css);
    const inner = [...from.children];
    [...to.children].forEach((child, index) => dress(inner[index], child));
  }

  async function stillCharts(from, to) {
    const live = [...from.querySelectorAll('.js-plotly-plot')];
    const copies = [...to.querySelectorAll('.js-plotly-plot')];
    await Promise.all(live.map(async (graph, index) => {
      const { width, height } = graph.getBoundingClientRect();
      const url = await window.Plotly.toImage(graph, { format: 'svg', width, height });
      // As elements and not as an image: only so are its words in our font.
      const drawing = decodeURIComponent(url.slice(url.indexOf(',') + 1));
      copies[index].replaceChildren(new DOMParser().parseFromString(drawing, 'image/svg+xml').documentElement);
    }));
    await Promise.all([...to.querySelectorAll('img')].map(async (image) => {
      const url = image.getAttribute('src') || '';
      if (url && !url.startsWith('data:')) image.setAttribute('src', await data(url));
    }));
  }

  const load = (url) => new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error('The browser cannot draw this widget as a picture.'));
    image.src = url;
  });

  const slug = (text) => text.normalize('NFKC').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '').slice(0, 60);
  function fileName(widget) {
    const board = document.querySelector('.dashboard h1, .figures-page h1')?.textContent || '';
    const now = new Date();
    const two = (number) => String(number).padStart(2, '0');
    const at = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}`;
    return ['housecount', slug(board), slug(widget.querySelector('h2')?.textContent || 'widget'), at].filter(Boolean).join('-') + '.png';
  }

  /* {url, name} of the picture of a widget's frame. */
  async function picture(widget) {
    const { width, height } = widget.getBoundingClientRect();
    const foot = 22;
    const copy = widget.cloneNode(true);
    dress(widget, copy);
    await stillCharts(widget, copy);
    copy.querySelectorAll(DROPPED).forEach((node) => node.remove());
    copy.style.margin = '0';
    const look = getComputedStyle(document.body);
    const said = widget.querySelector('.w-as-of')?.textContent || '';
    const ground = getComputedStyle(document.documentElement).getPropertyValue('--surface') || '#fff';
    const frame = document.createElement('div');
    frame.setAttribute('xmlns', 'http://www.w3.org/1999/xhtml');
    frame.setAttribute('style', `width:${width}px;height:${height + foot}px;background:${ground};font-family:${look.fontFamily}`);
    const note = document.createElement('div');
    const muted = getComputedStyle(document.documentElement).getPropertyValue('--muted') || '#5b6474';
    note.setAttribute('style', `height:${foot}px;padding:2px 14px;font-size:11px;color:${muted}`);
    note.textContent = [said, 'Housecount'].filter(Boolean).join(' · ');
    frame.append(copy, note);
    const style = document.createElement('style');
    style.textContent = await fontFace();
    frame.prepend(style);
    const inside = new XMLSerializer().serializeToString(frame);
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + foot}"><foreignObject width="100%" height="100%">${inside}</foreignObject></svg>`;
    const image = await load(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`);
    const canvas = document.createElement('canvas');
    canvas.width = Math.ceil(width * SCALE);
    canvas.height = Math.ceil((height + foot) * SCALE);
    const context = canvas.getContext('2d');
    context.scale(SCALE, SCALE);
    context.drawImage(image, 0, 0);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, 'image/png'); });
    if (!blob) throw new Error('The browser cannot draw this widget as a picture.');
    const url = URL.createObjectURL(blob);
    setTimeout(() => URL.revokeObjectURL(url), 60000);
    return { url, name: fileName(widget) };
  }

  window.Housecount = { ...window.Housecount, picture };
})();
