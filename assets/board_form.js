/* The settings of a widget as a form, made from the JSON schema of its settings: choices, numbers, texts,
   pictures, metrics and dimensions of the catalogue, and lists of all of these. */
(function () {
  'use strict';
  const { dom: { h, icon } } = window.Housecount;
  let count = 0;

  class Form {
    /* `known` are the metrics and dimensions there are; `changed(values)` is told at every change. */
    constructor(schema, values, known, changed) {
      Object.assign(this, { schema, known, changed });
      this.values = { ...values };
      this.element = h('div', { class: 'settings-form' });
      this.draw();
    }

    draw() {
      const properties = Object.entries(this.schema.properties || {});
      this.element.replaceChildren(...(properties.length
        ? properties.map(([name, field]) => this.field(this.resolved(field), this.value(name, field), (value) => this.set(name, value), name))
        : [h('p', { class: 'muted small' }, 'It has no settings of its own: it follows what is chosen above the board.')]));
    }

    value(name, field) { return name in this.values ? this.values[name] : field.default; }

    set(name, value) {
      const before = this.dimensions();
      this.values[name] = value;
      this.changed({ ...this.values });
      // What a metric can be split by follows the metric.
      if (this.dimensions() !== before) this.draw();
    }

    /* The schema behind a reference or a choice with nothing. */
    resolved(field) {
      if (field.$ref) return { ...this.schema.$defs[field.$ref.split('/').pop()], ...field };
      if (field.allOf) return { ...this.resolved(field.allOf[0]), ...field };
      if (field.anyOf) {
        const [first] = field.anyOf.filter((option) => option.type !== 'null');
        return { ...this.resolved(first), title: field.title, description: field.description, optional: true };
      }
      return field;
    }

    /* The metrics chosen anywhere in the form. */
    chosen() {
      return Object.entries(this.schema.properties || {}).flatMap(([name, field]) => {
        if (field.picker === 'metric') return [this.value(name, field)];
        return field.items?.picker === 'metric' ? this.value(name, field) || [] : [];
      });
    }

    dimensions() {
      const lists = this.chosen().map((name) => this.known.metrics.find((metric) => metric.name === name)?.dimensions);
      const all = this.known.dimensions.map((dimension) => dimension.name);
      return all.filter((name) => lists.every((list) => !list || list.includes(name))).join();
    }

    /* `name` is that of a setting, to which the server's complaints are put. */
    field(field, value, set, name = null) {
      const row = this.row(field, value, set);
      if (name) row.dataset.setting = name;
      return row;
    }

    /* What is wrong, [{field: settings.kind, detail}], each at its setting; what is of none is given back. */
    complain(faults) {
      this.element.querySelectorAll('.form-wrong').forEach((said) => said.remove());
      return faults.filter(({ field, detail }) => {
        const [, name] = /^settings\.([^.[]+)/.exec(field) || [];
        const row = name && this.element.querySelector(`[data-setting="${CSS.escape(name)}"]`);
        row?.append(h('p', { class: 'form-wrong', role: 'alert' }, detail));
        return !row;
      }).map(({ detail }) => detail);
    }

    row(field, value, set) {
      const id = `field-${count += 1}`;
      const said = field.description && h('span', { class: 'field-said muted small', id: `${id}-said` }, field.description);
      if (field.type === 'array') return this.list(field, value || [], set, said);
      if (field.type === 'object') return this.group(field, value || {}, set);
      const input = this.input(field, value, set, { id, 'aria-describedby': said ? `${id}-said` : null });
      if (field.type === 'boolean') {
        return h('div', { class: 'field-row' }, h('label', { class: 'check', for: id }, input, ` ${field.title || ''}`), said);
      }
      return h('div', { class: 'field-row' }, h('label', { class: 'field-label', for: id }, field.title || 'Value'), input, said);
    }

    input(field, value, set, attributes) {
      if (field.enum) {
        return choice(field.enum.map((each) => [each, field.labels?.[each] || words(each)]), value, set, attributes);
      }
      if (field.picker === 'metric' && this.known.metrics.length) return this.metric(value, set, attributes, field.split || []);
      if (field.picker === 'dimension' && this.known.dimensions.length) return this.dimension(value, set, attributes);
      if (field.picker === 'event') return choice([['', 'None'], ...events(value)], value, set, attributes);
      if (field.picker === 'picture') return picture(value, set, attributes);
      if (field.picker === 'text') {
        return h('textarea', { ...attributes, class: 'entry', rows: 8, maxlength: field.maxLength, oninput: (event) => set(event.target.value) }, value || '');
      }
      if (field.type === 'boolean') {
        return h('input', { ...attributes, type: 'checkbox', checked: Boolean(value), onchange: (event) => set(event.target.checked) });
      }
      if (field.type === 'integer' || field.type === 'number') return number(field, value, set, attributes);
      return h('input', {
        ...attributes, class: 'entry', type: field.format === 'date' ? 'date' : 'text', maxlength: field.maxLength, value: value ?? '',
        oninput: (event) => set(event.target.value),
      });
    }

    /* Only metrics that the widget can split as it does. */
    metric(value, set, attributes, split) {
      const groups = new Map();
      const offered = this.known.metrics.filter((metric) => split.every((name) => metric.dimensions.includes(name)));
      for (const metric of offered) groups.set(metric.group, [...(groups.get(metric.group) || []), metric]);
      return h('select', { ...attributes, class: 'entry', onchange: (event) => set(event.target.value) },
        [...groups].map(([group, some]) => h('optgroup', { label: words(group || 'other') },
          some.map((metric) => h('option', { value: metric.name, selected: metric.name === value, title: metric.description }, metric.label)))));
    }

    dimension(value, set, attributes) {
      const may = new Set(this.dimensions().split(','));
      const options = this.known.dimensions.filter(({ name }) => may.has(name) || name === value).map(({ name, label }) => [name, label]);
      return choice([['', 'Nothing'], ...options], value, set, attributes);
    }

    /* Several values of one kind, each with a way to take it out, and one to add another. */
    list(field, values, set, said) {
      const items = this.resolved(field.items);
      const name = field.title || 'Values';
      const change = (index, value) => set(values.map((one, at) => (at === index ? value : one)));
      const redraw = (next) => { set(next); this.draw(); };
      // Another metric is one that is not there yet: the same twice says nothing.
      const unused = this.known.metrics.find((metric) => !values.includes(metric.name))?.name || '';
      const first = items.type === 'object' ? {} : items.picker === 'metric' ? unused : '';
      return h('fieldset', { class: 'field-list' }, h('legend', { class: 'field-label' }, name), said,
        values.map((value, index) => h('div', { class: 'field-item' },
          items.type === 'object' ? this.group(items, value, (next) => { values[index] = next; change(index, next); })
            : this.input(items, value, (next) => { values[index] = next; change(index, next); }, { 'aria-label': `${name} ${index + 1}` }),
          values.length > (field.minItems || 0) && h('button', {
            type: 'button', class: 'icon-button bare', 'aria-label': `Take out ${name} ${index + 1}`,
            onclick: () => redraw(values.filter((_, at) => at !== index)),
          }, icon('close')))),
        values.length < (field.maxItems ?? 50) && h('button', {
          type: 'button', class: 'button-quiet', onclick: () => redraw([...values, first]),
        }, icon('plus'), 'Add'));
    }

    group(schema, values, set) {
      let now = { ...values };
      return h('div', { class: 'field-group' }, Object.entries(schema.properties).map(([name, field]) =>
        this.field(this.resolved(field), name in now ? now[name] : field.default, (value) => {
          now = { ...now, [name]: value };
          set(now);
        })));
    }
  }

  const words = (text) => { const plain = String(text).replaceAll('_', ' '); return plain.charAt(0).toUpperCase() + plain.slice(1); };

  const choice = (options, value, set, attributes) => h('select', {
    ...attributes, class: 'entry', onchange: (event) => set(options[event.target.selectedIndex][0]),
  }, options.map(([each, text]) => h('option', { value: each, selected: each === value }, text)));

  function number(field, value, set, attributes) {
    return h('input', {
      ...attributes, class: 'entry', type: 'number', min: field.minimum, max: field.maximum,
      step: field.type === 'integer' ? 1 : 'any', value: value ?? '',
      oninput: (event) => {
        const given = event.target.value;
        if (given === '' ? field.optional : event.target.checkValidity()) set(given === '' ? null : Number(given));
      },
    });
  }

  /* The events by name that the bar above the board lets choose from, and the one that is chosen. */
  function events(chosen) {
    const known = new Map([...document.querySelectorAll('[data-filter="event"] .menu-item')].map((link) => [
      new URL(link.href).searchParams.get('event'),
      ['.menu-name', '.num'].map((part) => link.querySelector(part)?.textContent).filter(Boolean).join(', '),
    ]));
    known.delete(null);
    if (chosen && !known.has(chosen)) known.set(chosen, 'Another event');
    return [...known];
  }

  function picture(value, set, attributes) {
    return h('div', { class: 'field-picture' }, value && h('img', { src: value, alt: '' }),
      h('input', {
        ...attributes, class: 'entry', type: 'file', accept: 'image/png,image/jpeg,image/gif,image/webp',
        onchange: ({ target: { files: [file] } }) => {
          if (!file) return;
          const reader = new FileReader();
          reader.onload = () => set(reader.result);
          reader.readAsDataURL(file);
        },
      }));
  }

  window.Housecount.BoardForm = Form;
})();
