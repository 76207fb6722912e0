import { render } from 'preact';
import { App } from './app.tsx';
import { follow, restoreScrollPosition } from './follow.ts';
import { readIndex } from './state/read-chunk.ts';

void readIndex().then((index) => {
  render(<App index={index} />, document.getElementById('app')!);
  requestAnimationFrame(() => {
    performance.mark('first-view');
    restoreScrollPosition();
    follow();
  });
});
