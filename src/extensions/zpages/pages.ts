import type { AgentHealth, ComponentState, Layout } from '../../component/component.ts';
import { type Html, html } from './html.ts';

/** What the pages tell. */
export interface Facts {
  readonly version: string;
  readonly health: AgentHealth;
  readonly layout: Layout;
  /** In ms since the epoch. */
  readonly now: number;
}

/** The pages, by path. */
export const PAGES: Readonly<Record<string, (facts: Facts) => Html>> = {
  '/debug/servicez': servicePage,
  '/debug/pipelinez': pipelinePage,
  '/debug/extensionz': extensionPage,
};

function servicePage({ version, health, layout, now }: Facts): Html {
  const { phase, upSince, components } = health;
  const bad = components.filter(({ status }) => status !== 'ok').length;
  const rows: [string, string | number][] = [
    ['Program', 'sandgauge'],
    ['Version', version],
    ['Node.js', process.version],
    ['System', `${process.platform} ${process.arch}`],
    ['Process id', process.pid],
    ['Phase', phase],
    ['Running since', upSince === undefined ? '' : new Date(upSince).toISOString()],
    ['Uptime', upSince === undefined ? '' : `${Math.max(0, Math.floor((now - upSince) / 1000))} s`],
    ['Pipelines', layout.pipelines.length],
    ['Extensions', layout.extensions.length],
    ['Components', components.length],
    ['Components with errors', bad],
  ];
  return page(
    'Service',
    html`<table>
${rows.map(([name, value]) => html`<tr><th align="left">${name}</th><td>${value}</td></tr>`)}
</table>`,
  );
}

function pipelinePage({ layout }: Facts): Html {
  const rows = layout.pipelines.map(
    ({ name, receivers, processors, exporters }) =>
      html`<tr valign="top"><th align="left">${name}</th>${[receivers, processors, exporters].map(cell)}</tr>`,
  );
  return page(
    'Pipelines',
    html`<table border="1">
<tr><th>Pipeline</th><th>Receivers</th><th>Processors</th><th>Exporters</th></tr>
${rows}
</table>`,
  );
}

function cell(components: readonly ComponentState[]): Html {
  return html`<td>${components.map((each) => html`<p>${each.id}: ${stateText(each)}</p>`)}</td>`;
}

function extensionPage({ layout }: Facts): Html {
  const rows = layout.extensions.map(
    (each) => html`<tr><th align="left">${each.id}</th><td>${stateText(each)}</td></tr>`,
  );
  return page('Extensions', html`<table>\n${rows}\n</table>`);
}

function stateText({ status, detail }: ComponentState): string {
  return detail === undefined ? status : `${status} (${detail})`;
}

function page(title: string, content: Html): Html {
  const links = Object.keys(PAGES).map((path) => html`<a href="${path}">${path}</a>`);
  return html`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title></head>
<body>
<h1>${title}</h1>
${content}
<p>${links}</p>
</body>
</html>
`;
}
