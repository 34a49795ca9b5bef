const { JSDOM } = require('jsdom')
const { serve } = require('../checks')

serve({
  checks: {
    select: () => { const { document } = new JSDOM('<ul><li>um<li class=a>dois</ul>').window; return [document.querySelectorAll('li').length, document.querySelector('.a').textContent, document.title] },
    change: () => { const { document } = new JSDOM('<body></body>').window; const p = document.createElement('p'); p.setAttribute('x', '1'); p.innerHTML = 'a<b>c</b>'; document.body.append(p); return document.body.innerHTML },
    events: () => { const { document, window } = new JSDOM('<button>x</button>').window; let n = 0; document.querySelector('button').addEventListener('click', () => n++); document.querySelector('button').dispatchEvent(new (document.defaultView.Event)('click')); return [n, typeof window] },
    script: () => new JSDOM('<script>document.title = "set"</script>', { runScripts: 'dangerously' }).window.document.title,
  },
})
