/** Grafana's own dashboard schema, as the JSON that a file holds: what is an enumeration there is its value here. The compiler refuses a dashboard
 *  with a field that Grafana does not know, or without one that it needs. */
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type { FieldConfig, Options } from '@grafana/grafana-foundation-sdk/timeseries';

type Json<T> = T extends string
  ? `${T}`
  : T extends number
    ? `${T}` extends `${infer Value extends number}`
      ? Value
      : T
    : T extends readonly (infer Item)[]
      ? readonly Json<Item>[]
      : T extends object
        ? { readonly [Key in keyof T as Key extends `_${string}` ? never : Key]: Json<T[Key]> }
        : T;

type Field = NonNullable<Panel['fieldConfig']>;
type PanelJson = Json<Omit<Panel, 'type' | 'targets' | 'options' | 'fieldConfig'>> & {
  readonly type: 'timeseries';
  readonly targets: readonly Json<Dataquery>[];
  readonly options: Json<Options>;
  readonly fieldConfig: {
    readonly defaults: Json<Omit<Field['defaults'], 'custom'>> & { readonly custom: Json<FieldConfig> };
    readonly overrides: Json<Field['overrides']>;
  };
};

export type DashboardJson = Json<Omit<Dashboard, 'panels'>> & { readonly panels: readonly PanelJson[] };
