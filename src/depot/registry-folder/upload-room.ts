/** Bounds what uploads may keep, beside whatever else is on the disk. */
export type UploadRoom = {
  /** Before bytes are written. Throws when there is no room for them. */
  claim(bytes: number): Promise<void>;
  /** For bytes that an earlier process wrote: they are there, room or not. */
  hold(bytes: number): void;
  release(bytes: number): void;
};

export const boundlessRoom: UploadRoom = { claim: async () => {}, hold() {}, release() {} };

/** How much of the room each session has. */
export class ClaimedRoom {
  readonly #room: UploadRoom;
  readonly #claimed = new Map<string, number>();

  constructor(room: UploadRoom) {
    this.#room = room;
  }

  async claim(id: string, bytes: number): Promise<void> {
    await this.#room.claim(bytes);
    this.#claimed.set(id, this.#of(id) + bytes);
  }

  hold(id: string, bytes: number): void {
    this.#room.hold(bytes);
    this.#claimed.set(id, this.#of(id) + bytes);
  }

  /** Gives back what a session claimed beyond `keptBytes`. */
  cutTo(id: string, keptBytes: number): void {
    const more = this.#of(id) - keptBytes;
    if (more <= 0) return;
    this.#room.release(more);
    if (keptBytes === 0) this.#claimed.delete(id);
    else this.#claimed.set(id, keptBytes);
  }

  /** Who took the session's bytes has its claim too. */
  handOver(id: string): void {
    this.#claimed.delete(id);
  }

  #of(id: string): number {
    return this.#claimed.get(id) ?? 0;
  }
}
