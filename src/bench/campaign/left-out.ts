/** A registry that a campaign goes on without for now: it does not answer, or its bytes of the day are used up. */
export type LeftOut = { readonly registry: string; readonly reason: 'unreachable' | 'budget' };
