/* A board's document in the browser: pure functions over its list of placed widgets. */
(function () {
  'use strict';
  const COLUMNS = 12;
  const PLACE = ['x', 'y', 'w', 'h'];

  const meets = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
  const byPlace = (a, b) => a.y - b.y || a.x - b.x;
  /* The same values, in whatever order their names were written; that of the widgets of a board says nothing. */
  const same = (a, b) => JSON.stringify(a, sorted) === JSON.stringify(b, sorted);

  function sorted(name, value) {
    if (name === 'widgets' && Array.isArray(value)) return [...value].sort((a, b) => (a.id < b.id ? -1 : 1));
    if (!value || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.keys(value).sort().map((name) => [name, value[name]]));
  }

  /* The first place from the top where w × h fits. */
  function spot(widgets, w, h) {
    for (let y = 0; ; y += 1) {
      for (let x = 0; x + w <= COLUMNS; x += 1) {
        if (!widgets.some((other) => meets(other, { x, y, w, h }))) return { x, y };
      }
    }
  }

  /* The order of the one column of a phone: the saved one, then as they stand on the desk. */
  const phoneOrder = (widgets) => [...widgets].sort((a, b) => a.phone - b.phone || byPlace(a, b));

  /* One place up (-1) or down (+1) in that column; null when there is no further. */
  function movedOnPhone(widgets, id, step) {
    const order = phoneOrder(widgets).map((placed) => placed.id);
    const from = order.indexOf(id);
    const to = from + step;
    if (from < 0 || to < 0 || to >= order.length) return null;
    [order[from], order[to]] = [order[to], order[from]];
    return widgets.map((placed) => ({ ...placed, phone: order.indexOf(placed.id) }));
  }

  const newId = () => `w${Date.now().toString(36)}${Math.random().toString(36).slice(2, 7)}`;

  const lastOnPhone = (widgets) => widgets.reduce((most, placed) => Math.max(most, placed.phone + 1), 0);

  function added(widgets, kind, [w, h], settings) {
    const id = newId();
    const placed = { id, widget: kind, title: '', settings, ...spot(widgets, w, h), w, h, phone: lastOnPhone(widgets) };
    return [[...widgets, placed], placed];
  }

  function copied(widgets, id) {
    const from = widgets.find((placed) => placed.id === id);
    const placed = { ...from, id: newId(), ...spot(widgets, from.w, from.h), phone: lastOnPhone(widgets) };
    return [[...widgets, placed], placed];
  }

  /* Who stands beside a widget as one reads the desk: the next, or the one before the last; null when it is alone. */
  function neighbour(widgets, id) {
    const order = [...widgets].sort(byPlace).map((placed) => placed.id);
    const at = order.indexOf(id);
    return order[at + 1] || order[at - 1] || null;
  }

  const without = (widgets, id) => widgets.filter((placed) => placed.id !== id);
  const changed = (widgets, id, values) =>
    widgets.map((placed) => (placed.id === id ? { ...placed, ...values } : placed));

  /* What has to happen for `after` to be shown where `before` is. */
  function difference(before, after) {
    const old = new Map(before.map((placed) => [placed.id, placed]));
    const now = new Set(after.map((placed) => placed.id));
    const kept = after.filter((placed) => old.has(placed.id));
    return {
      gone: before.filter((placed) => !now.has(placed.id)).map((placed) => placed.id),
      come: after.filter((placed) => !old.has(placed.id)).map((placed) => placed.id),
      redraw: kept.filter((placed) => {
        const was = old.get(placed.id);
        return was.widget !== placed.widget || was.title !== placed.title || !same(was.settings, placed.settings);
      }).map((placed) => placed.id),
      moved: kept.some((placed) => PLACE.some((name) => placed[name] !== old.get(placed.id)[name])),
    };
  }

  window.Housecount.boardModel = {
    COLUMNS, added, changed, copied, difference, movedOnPhone, neighbour, phoneOrder, same, without,
  };
})();
