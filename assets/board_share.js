/* The drawer of sharing: colleagues and roles with their rights, and links for people outside. */
(function () {
  'use strict';
  const { ask, dom: { h, icon, dialog, confirm, trouble, when } } = window.Housecount;
  const DAYS = [[1, 'One day'], [7, 'One week'], [30, '30 days'], [90, '90 days']];

  const select = (label, choices, chosen, onchange) => h('select', { class: 'entry', 'aria-label': label, onchange },
    choices.map(([value, text]) => h('option', { value, selected: String(value) === String(chosen) }, text)));

  async function open(board, { toast }) {
    const url = `/api/v1/dashboards/${board.id}`;
    const people = board.right === 'own' && h('section', { class: 'share-part' });
    const links = board.root.dataset.links && h('section', { class: 'share-part' });
    dialog('drawer', 'Share', people, links);

    async function shared(answer) {
      if (answer.status !== 200) { people.replaceChildren(h('p', { class: 'form-wrong', role: 'alert' }, trouble(answer))); return; }
      const { shares } = answer.body;
      const { candidates } = (await ask(`${url}/candidates`, 'GET')).body || { candidates: [] };
      const given = new Set(shares.map((share) => share.grantee));
      const free = candidates.filter((candidate) => !given.has(candidate.grantee));
      const put = (grantee, mayEdit) => ask(`${url}/shares/${encodeURIComponent(grantee)}`, 'PUT', { mayEdit }).then(again);
      const who = select('Share with', free.map((one) => [one.grantee, one.detail ? `${one.name} (${one.detail})` : one.name]));
      const may = select('Right', [['view', 'may look'], ['edit', 'may edit']], 'view');
      people.replaceChildren(
        h('h3', {}, 'People here'),
        h('ul', { class: 'share-list' },
          shares.length === 0 && h('li', { class: 'muted small' }, 'Nobody but you and the owners of your organisation.'),
          shares.map((share) => h('li', {},
            h('span', { class: 'grow share-name' }, share.name),
            select(`Right of ${share.name}`, [['view', 'may look'], ['edit', 'may edit']], share.mayEdit ? 'edit' : 'view',
              (event) => put(share.grantee, event.target.value === 'edit')),
            h('button', {
              class: 'icon-button bare', type: 'button', 'aria-label': `Stop sharing with ${share.name}`,
              onclick: () => ask(`${url}/shares/${encodeURIComponent(share.grantee)}`, 'DELETE').then(again),
            }, icon('close'))))),
        ...(free.length ? [h('div', { class: 'share-add' }, who, may,
          h('button', { class: 'button-quiet', type: 'button', onclick: () => put(who.value, may.value === 'edit') }, 'Share'))] : []),
      );
    }

    const again = async (answer) => {
      if (answer && answer.status >= 400) toast(trouble(answer));
      await shared(await ask(`${url}/shares`, 'GET'));
    };

    async function listed(fresh = null) {
      const answer = await ask(`${url}/links`, 'GET');
      if (answer.status !== 200) { links.replaceChildren(h('p', { class: 'form-wrong', role: 'alert' }, trouble(answer))); return; }
      links.replaceChildren(
        h('h3', {}, 'Links for people outside'),
        h('p', { class: 'muted small' }, 'Whoever has the link sees this one board, without signing in, until it ends or is revoked.'),
        ...(fresh ? [once(fresh)] : []), h('ul', { class: 'share-list' }, answer.body.links.map(entry)), maker());
    }

    /* The address is shown this once: only a digest of it is kept. */
    function once(made) {
      const field = h('input', { class: 'entry', readonly: true, value: made.url, 'aria-label': 'Address of the link' });
      return h('div', { class: 'share-once', role: 'status' },
        h('b', {}, 'Copy this address now.'), ' It cannot be shown again.',
        h('div', { class: 'share-add' }, field, h('button', {
          class: 'button-main', type: 'button',
          onclick: async () => {
            field.select();
            try { await navigator.clipboard.writeText(made.url); toast('The address is copied.'); } catch { document.execCommand('copy'); }
          },
        }, 'Copy')));
    }

    const whatIsLocked = (parts) => parts.length > 0 && h('span', { class: 'share-locked muted small' }, icon('lock'),
      h('span', {}, parts.map(({ name, values }) => `${name}: ${values.join(', ')}`).join(' · ')));

    function entry(link) {
      const over = { revoked: 'revoked', expired: 'ended' }[link.state];
      const until = link.state === 'closed' ? `closed: ${link.createdBy} may not give it any more` : `until ${when(link.expiresAt)}`;
      const views = link.views ? `${link.views} view${link.views === 1 ? '' : 's'}, last ${when(link.lastViewedAt)}` : 'not opened yet';
      return h('li', { class: over ? 'muted' : '' },
        h('span', { class: 'grow share-name' }, h('b', {}, link.label),
          h('span', { class: 'muted small num' }, [
            over || until, link.masked ? 'money hidden' : 'money shown', views,
          ].join(' · ')),
          whatIsLocked(link.locked)),
        !over && h('button', {
          class: 'button-quiet', type: 'button',
          onclick: () => confirm(`Revoke “${link.label}”?`, 'Whoever has it sees nothing from this moment on.', 'Revoke', async () => {
            const answer = await ask(`${url}/links/${link.id}`, 'DELETE');
            if (answer.status >= 300 || !answer.status) return trouble(answer);
            await listed();
            return '';
          }),
        }, 'Revoke'));
    }

    /* What the board looks at now, part by part as its address says; clicked filters there stand in place of all
       that the board begins with. */
    function locked() {
      const own = window.Housecount.filters.named();
      const clicked = (name) => name === 'f' || name.startsWith('f.');
      const usual = Object.entries(board.document.filters).filter(([name]) => !clicked(name) || !Object.keys(own).some(clicked));
      const filters = { ...Object.fromEntries(usual), ...own };
      const given = Object.keys(board.document.filters).filter((name) => name.startsWith('f.'));
      if (given.every((name) => name in filters)) delete filters.f; // Nothing of the board's is left that it would drop.
      for (const name of ['venue', 'event']) if (filters[name] === 'all') delete filters[name];
      if (!filters.venue && !filters.event && board.root.dataset.venue) filters.venue = board.root.dataset.venue;
      return filters;
    }

    function maker() {
      const label = h('input', { class: 'entry', type: 'text', maxlength: 120, required: true, placeholder: 'For whom, e.g. Blue Note Agency' });
      const days = select('Ends after', DAYS, 30);
      const masked = h('input', { type: 'checkbox', checked: true });
      const wrong = h('p', { class: 'form-wrong', role: 'alert' });
      const filters = locked();
      if (!filters.venue && !filters.event) {
        return h('p', { class: 'share-hint' }, icon('lock'),
          'To make a link, first choose an event or a venue above the board: a link never shows everything.');
      }
      return h('form', {
        class: 'small-form',
        onsubmit: async (event) => {
          event.preventDefault();
          const expiresAt = new Date(Date.now() + Number(days.value) * 86400000).toISOString();
          const answer = await ask(`${url}/links`, 'POST', {
            label: label.value.trim(), masked: masked.checked, expiresAt, filters,
          });
          wrong.textContent = answer.status === 201 ? '' : trouble(answer);
          if (answer.status === 201) await listed(answer.body);
        },
      },
      h('label', { class: 'field-label' }, 'New link for', label),
      h('label', { class: 'field-label' }, 'Ends after', days),
      h('label', { class: 'check' }, masked, ' Hide money'),
      h('p', { class: 'muted small' }, 'What the board looks at now is locked for whoever opens it. '
        + 'A widget that has a time range of its own keeps it.'),
      whatIsLocked(window.Housecount.filters.words()),
      wrong, h('div', { class: 'form-foot' }, h('button', { class: 'button-quiet', type: 'submit' }, icon('link'), 'Make a link')));
    }

    if (people) await again();
    if (links) await listed();
  }

  window.Housecount.boardShare = open;
})();
