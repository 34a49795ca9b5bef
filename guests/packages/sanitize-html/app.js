const sanitize = require('sanitize-html')
const { serve } = require('../checks')

serve({
  checks: {
    plain: () => sanitize('<p onclick="x()">a<script>bad()</script> <a href="javascript:x">b</a><img src=x></p>'),
    options: () => sanitize('<b class="x y">a</b><i style="color:red;top:1px">b</i>', { allowedTags: ['b', 'i'], allowedClasses: { b: ['x'] }, allowedAttributes: { i: ['style'] }, allowedStyles: { i: { color: [/^red$/] } } }),
    transform: () => sanitize('<ol><li>a</ol>', { transformTags: { ol: 'ul' }, textFilter: (text) => text.toUpperCase() }),
  },
})
