/* The drawer of versions: what was saved, by whom, and what it changed; to look at, restore and name. */
(function () {
  'use strict';
  const { ask, dom: { h, dialog, askFor, trouble, when } } = window.Housecount;

  const quiet = (text, onclick) => h('button', { type: 'button', class: 'button-quiet', onclick }, text);

  async function open(board, { preview, toast }) {
    const list = h('ol', { class: 'version-list' }, h('li', { class: 'muted' }, 'Reading the versions…'));
    const more = h('div', { class: 'form-foot' });
    const name = board.mayEdit && quiet('Name this version', () => {
      box.close();
      askFor('Name this version', {
        label: 'Name', action: 'Keep', done: async (text) => {
          const answer = await board.saving.with({ versionName: text }, board.document);
          if (answer.status === 200) toast(`Version ${answer.body.version} is now called “${text}”.`);
          return answer.status === 200 ? '' : trouble(answer);
        },
      });
    });
    const box = dialog('drawer', 'Versions',
      h('p', { class: 'muted small' }, 'Every change is kept. Restoring makes a new version; nothing is ever lost.'),
      name && h('div', { class: 'drawer-actions' }, name), list, more);

    async function read(before) {
      const answer = await ask(`/api/v1/dashboards/${board.id}/versions${before ? `?cursor=${before}` : ''}`, 'GET');
      if (answer.status !== 200) { list.replaceChildren(h('li', { class: 'form-wrong' }, trouble(answer))); return; }
      const { versions, nextCursor } = answer.body;
      if (!before) list.replaceChildren();
      list.append(...versions.map((version) => entry(version)));
      more.replaceChildren(...(nextCursor ? [quiet('Earlier versions', () => read(nextCursor))] : []));
    }

    function entry(version) {
      const now = version.version === board.version;
      return h('li', { class: 'version' },
        h('div', { class: 'version-head' },
          h('b', {}, version.name || `Version ${version.version}`),
          version.name && h('span', { class: 'muted small num' }, `version ${version.version}`),
          now && h('span', { class: 'mark' }, 'Now')),
        version.summary && h('div', { class: 'small' }, version.summary),
        h('div', { class: 'muted small num' }, `${version.author.name}, ${when(version.createdAt)}`),
        !now && h('div', { class: 'version-buttons' },
          quiet('Look at it', () => look(version)),
          board.mayEdit && quiet('Restore', async () => {
            const wrong = await restore(version);
            if (wrong) toast(wrong);
            else { box.close(); toast(`Version ${version.version} is back.`, 'Undo', () => board.undo()); }
          })));
    }

    async function look(version) {
      const answer = await ask(`/api/v1/dashboards/${board.id}/versions/${version.version}`, 'GET');
      if (answer.status !== 200) { toast(trouble(answer)); return; }
      box.close();
      const title = `${version.name || `Version ${version.version}`} by ${version.author.name}, ${when(version.createdAt)}.`;
      preview(answer.body.document, title, board.mayEdit && (async () => {
        const wrong = await restore(version);
        if (!wrong) toast(`Version ${version.version} is back.`, 'Undo', () => board.undo());
        return wrong;
      }));
    }

    async function restore(version) {
      const answer = await ask(`/api/v1/dashboards/${board.id}/versions/${version.version}/restore`, 'POST', {}, {
        headers: { 'If-Match': `"${board.version}"` },
      });
      if (answer.status !== 200) return trouble(answer);
      board.adopt(answer.body);
      return '';
    }

    await read();
  }

  window.Housecount.boardVersions = open;
})();
