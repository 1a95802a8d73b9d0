// Answers every request with one line of text, with the types of wasi:http itself.
/// <reference path="./build/types/hello.d.ts" />
import { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } from 'wasi:http/types@0.2.12';
import type { IncomingRequest } from 'wasi:http/types@0.2.12';

const text = new TextEncoder();

export const incomingHandler = {
  handle(_request: IncomingRequest, responseOut: ResponseOutparam): void {
    const headers = Fields.fromList([['content-type', text.encode('text/plain; charset=utf-8')]]);
    const response = new OutgoingResponse(headers);
    const body = response.body();
    ResponseOutparam.set(responseOut, { tag: 'ok', val: response });

    const stream = body.write();
    stream.blockingWriteAndFlush(text.encode('Hello from TypeScript!\n'));
    // The stream is a child of the body and must go first.
    stream[Symbol.dispose]?.();
    OutgoingBody.finish(body, undefined);
  },
};
