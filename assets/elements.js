/* Elements without a template: h('button', {class: 'x', onclick}, 'Text'). Text is always text. */
(function () {
  'use strict';

  function h(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
      else if (name === 'value') element.value = value;
      else element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  }

  const icon = (name) => h('i', { class: `ico ico-${name}`, 'aria-hidden': 'true' });

  /* A dialog of our own beside React's: shown at once, gone when it is closed; the focus returns to where it was. */
  function dialog(kind, title, ...body) {
    const before = document.activeElement;
    const id = `dialog-${Math.random().toString(36).slice(2)}`;
    const close = h('button', { class: 'icon-button bare', type: 'button', 'aria-label': 'Close' }, icon('close'));
    const box = h('dialog', { class: kind, 'aria-labelledby': id },
      h('header', { class: 'drawer-head' }, h('h2', { id, class: 'grow' }, title), close),
      h('div', { class: 'drawer-body' }, ...body));
    close.addEventListener('click', () => box.close());
    box.addEventListener('click', (event) => { if (event.target === box) box.close(); });
    box.addEventListener('close', () => {
      box.remove();
      if (before?.isConnected) before.focus();
    });
    document.body.append(box);
    box.showModal();
    return box;
  }

  /* Asks for one line of text; `done(text)` may give a promise of a complaint, which keeps the dialog open. */
  function askFor(title, { label, value = '', action, most = 120, done }) {
    const field = h('input', { class: 'entry', type: 'text', value, maxlength: most, required: true, 'aria-label': label });
    const wrong = h('p', { class: 'form-wrong', role: 'alert' });
    const send = h('button', { class: 'button-main', type: 'submit' }, action);
    const form = h('form', {
      class: 'small-form',
      onsubmit: async (event) => {
        event.preventDefault();
        if (!field.value.trim()) return;
        send.disabled = true;
        wrong.textContent = (await done(field.value.trim())) || '';
        send.disabled = false;
        if (!wrong.textContent) box.close();
      },
    }, h('label', { class: 'field-label' }, label, field), wrong, h('div', { class: 'form-foot' }, send));
    const box = dialog('small-dialog', title, form);
    field.focus();
    field.select();
    return box;
  }

  /* Asks before something that others notice. */
  function confirm(title, text, action, done) {
    const yes = h('button', { class: 'button-main danger', type: 'button' }, action);
    const wrong = h('p', { class: 'form-wrong', role: 'alert' });
    const box = dialog('small-dialog', title, h('p', {}, text), wrong, h('div', { class: 'form-foot' }, yes));
    yes.addEventListener('click', async () => {
      yes.disabled = true;
      wrong.textContent = (await done()) || '';
      yes.disabled = false;
      if (!wrong.textContent) box.close();
    });
    yes.focus();
    return box;
  }

  /* What went wrong, in the words of the server where it has some. */
  const trouble = ({ status, body }) =>
    status === 0 ? 'The server cannot be reached. Nothing was changed.' : body?.detail || 'That did not work. Please try again.';

  /* "Just now", "20:15", "Fri 20 Nov, 20:15": in the reader's own zone. */
  function when(text) {
    const at = new Date(text);
    const age = Date.now() - at;
    if (age >= 0 && age < 60000) return 'just now';
    const time = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
    if (at.toDateString() === new Date().toDateString()) return time;
    const day = at.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
    return `${day.replace(',', '')}, ${time}`;
  }

  function ago(text) {
    const minutes = Math.round((Date.now() - new Date(text)) / 60000);
    if (minutes < 1) return 'just now';
    if (minutes === 1) return 'a minute ago';
    return minutes < 60 ? `${minutes} minutes ago` : `at ${when(text)}`;
  }

  window.Housecount = { ...window.Housecount, dom: { h, icon, dialog, askFor, confirm, trouble, when, ago } };
})();
