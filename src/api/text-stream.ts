/**
 * Pieces of text as a stream of bytes that takes the next piece only when the reader asks for it. `onClose` is called
 * once, when the pieces end or fail, or the reader goes away; it must make the pieces end, or they would hang.
 */
export function textStream(
  pieces: AsyncGenerator<string>,
  onClose: (error?: unknown) => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let isOpen = true;
  const close = (error?: unknown) => {
    if (isOpen) onClose(error);
    isOpen = false;
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await pieces.next();
          if (!isOpen) return;
          if (!done) {
            controller.enqueue(encoder.encode(value));
            return;
          }
          close();
        } catch (error) {
          if (!isOpen) return;
          close(error);
        }
        controller.close();
      },
      async cancel() {
        close();
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
