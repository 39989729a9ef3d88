/* Writes assets/vendor/plotly.min.js from charts.js, the same bytes each time. */
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

const here = new URL('.', import.meta.url);
const { version } = createRequire(import.meta.url)('plotly.js/package.json');
const charts = readFileSync(new URL('charts.js', here), 'utf8');
const parts = [...charts.matchAll(/src\/(?:traces|components)\/(\w+)/g)].map(([, name]) => name);

/* Without the sentences of its reference, a quarter of the source; as plotly's own bundles do. */
const TEXT = String.raw`(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")`;
const SENTENCES = new RegExp(String.raw`\s*description: (?:${TEXT}|\[(?:\s*${TEXT},?)+\s*\]\.join\(' '\)),?(?=\s*\n)`, 'g');
const withoutSentences = {
  name: 'without sentences',
  setup({ onLoad }) {
    onLoad({ filter: /plotly\.js\/src\/.*\.js$/ }, async ({ path }) =>
      ({ contents: (await readFile(path, 'utf8')).replace(SENTENCES, '') }));
  },
};

await build({
  absWorkingDir: here.pathname,
  entryPoints: ['charts.js'],
  outfile: '../../assets/vendor/plotly.min.js',
  bundle: true,
  minify: true,
  format: 'iife',
  globalName: 'Plotly',
  target: 'es2022',
  define: { global: 'window', 'define.amd': 'false' },
  loader: { '.css': 'empty' },  // Of maps, which are not in it.
  plugins: [withoutSentences],
  legalComments: 'eof',
  // The first line has V8 compile all of it while it is loading, beside the thread that draws the page.
  banner: {
    js: `//# allFunctionsCalledOnLoad\n/* plotly.js v${version}: ${parts.join(', ')}. MIT, see plotly.LICENSE.txt */`,
  },
});
