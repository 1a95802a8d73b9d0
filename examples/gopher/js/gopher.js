// Remembers people and their animals in wasi:keyvalue, one bucket for each person.
import { open } from 'wasi:keyvalue/store@0.2.0-draft';
import { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } from 'wasi:http/types@0.2.12';

const HELLO = { de: 'Hallo', fr: 'Bonjour', zh: '你好' };
const encode = (text) => new TextEncoder().encode(text);
const decode = (bytes) => bytes && new TextDecoder().decode(bytes);
const bucketOf = (name) => open(`user:${name}`);

function greet(name) {
  const bucket = bucketOf(name);
  const animal = decode(bucket.get('animal'));
  if (animal === undefined) return [404, `${name} is not known.\n`];
  const language = decode(bucket.get('accept-language')) ?? '';
  const hello = HELLO[language.split('-')[0]] ?? 'Hello';
  return [200, `${hello} ${name}, greetings to your ${animal}!\n`];
}

function remember(name, query) {
  const animal = query.get('animal');
  if (!animal) return [400, `Which animal? PUT /${name}?animal=ANIMAL\n`];
  const bucket = bucketOf(name);
  bucket.set('animal', encode(animal));
  bucket.set('accept-language', encode(query.get('language') || 'en'));
  return [201, `${name} is known.\n`];
}

function forget(name) {
  const bucket = bucketOf(name);
  bucket.delete('animal');
  bucket.delete('accept-language');
  return [200, `${name} is forgotten.\n`];
}

function answer(method, name, query) {
  if (method === 'get' && name === '') {
    return [200, 'PUT /NAME?animal=ANIMAL&language=LANGUAGE, then GET /NAME.\n'];
  }
  if (method === 'get') return greet(name);
  if (method === 'put') return remember(name, query);
  if (method === 'delete') return forget(name);
  return [405, 'Only GET, PUT and DELETE.\n'];
}

// An error of the interface is thrown, with the variant as its payload.
function describe(error) {
  const problem = error.payload ?? error;
  return problem.val ?? problem.tag ?? String(problem);
}

function respond(responseOut, status, text) {
  const headers = Fields.fromList([['content-type', encode('text/plain; charset=utf-8')]]);
  const response = new OutgoingResponse(headers);
  response.setStatusCode(status);
  const body = response.body();
  ResponseOutparam.set(responseOut, { tag: 'ok', val: response });
  const stream = body.write();
  stream.blockingWriteAndFlush(encode(text));
  // The stream is a child of the body and must go first.
  stream[Symbol.dispose]?.();
  OutgoingBody.finish(body, undefined);
}

export const incomingHandler = {
  handle(request, responseOut) {
    const [path, query] = (request.pathWithQuery() ?? '/').split('?');
    const name = path.replace(/^\/+/, '');
    let reply;
    try {
      reply = answer(request.method().tag, name, new URLSearchParams(query));
    } catch (error) {
      reply = [502, `The store did not answer: ${describe(error)}\n`];
    }
    respond(responseOut, ...reply);
  },
};
