// A session in a worker, with the files that the page hands over.
import * as kobox from '/kobox.browser.js';
import { session } from './session.js';

self.onmessage = ({ data: { files, engine } }) => self.postMessage(session(kobox, files, engine));
