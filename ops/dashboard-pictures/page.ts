import type { Dashboard } from '../grafana/dashboard.ts';

export type Shown = { readonly series: number; readonly numbers: number };

/** docs/dashboards/README.md: the pictures, and what every expression returned while they were taken. */
export const picturesPage = (
  dashboards: readonly Dashboard[],
  shownBy: (expression: string) => Shown,
  servers: string,
  seconds: number,
): string => {
  const sections = dashboards.map(({ uid, title, panels }) => {
    const rows = panels.flatMap((panel) =>
      panel.queries.map(([expression, legend]) => {
        const { series, numbers } = shownBy(expression);
        return `| ${panel.title} | ${legend} | ${series} | ${numbers} | \`${expression.replaceAll('|', '\\|')}\` |`;
      }),
    );
    return `## ${title}

![${title}](${uid}.svg)

| panel | legend | series | numbers | expression |
| --- | --- | ---: | ---: | --- |
${rows.join('\n')}
`;
  });
  return `# Dashboards

Made by \`npm run dashboard-pictures\`; not to be edited. Drawn from a real Prometheus, not by Grafana: two instances (a and b) on ${servers}, under load for ${seconds} s, with a shadow
policy that disagrees. After a third of the time a is stopped and started again, after two thirds b is killed and started again when a has taken its shards.
Where other work keeps the cores busy, as when these were taken, look at what is shown and not at how fast it is.
The tables say what each panel's expressions returned: series, and numbers in them (one every ${stepSeconds} s). \`npm run test:servers\` fails when one of them returns none.

${sections.join('\n')}`;
};

export const stepSeconds = 2;
