let areNeeded = true;

/** From here on the process goes on when whoever reads its stdout and stderr is gone: a service's log is not its purpose. */
export function outliveReaders(): void {
  areNeeded = false;
}

/** Does the process end when nobody reads what it writes? */
export function needsReaders(): boolean {
  return areNeeded;
}
