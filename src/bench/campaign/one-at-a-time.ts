/** Does one piece of work after the other, in the order in which they were asked for. */
export type OneAtATime = <T>(work: () => Promise<T>) => Promise<T>;

export function openOneAtATime(): OneAtATime {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}
