export type WorldChat = { readonly id: string; readonly messages: number };

/** What the command hands to k6. */
export type WorldFile = {
  readonly url: string;
  /** Of this run only: part of the ids of its messages. */
  readonly run: string;
  readonly tokens: readonly string[];
  readonly hot: readonly WorldChat[];
  readonly cold: readonly WorldChat[];
};
