// Answers every request with one line of text, with the web's own fetch event.
addEventListener('fetch', (event) => {
  event.respondWith(
    new Response('Hello from JavaScript!\n', {
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    }),
  );
});
