  const kinds = ['site_pv', 'page_pv', 'site_uv', 'page_uv']
  const all = (prefixes, kind) => document.querySelectorAll(prefixes.map(prefix => `[id="${prefix}_${kind}"]`).join())
  const values = kind => all(['busuanzi_value', 'busuanzi', 'vercount_value'], kind)
  const boxes = kind => all(['busuanzi_container', 'vercount_container'], kind)
  let known = {}
  const bszTag = {
    bszs: kinds.slice(0, 3),
    texts(data) {
      known = data
      for (const kind of kinds) if (data[kind] != null) for (const element of values(kind)) element.textContent = data[kind]
    },
    // Numbers of visitors are not known here: what would show them stays hidden.
    shows() {
      for (const kind of kinds)
        for (const element of [...boxes(kind), ...values(kind)])
          if (known[kind] == null) element.style.display = 'none'
          else if (getComputedStyle(element).display == 'none') element.style.display = 'inline'
    },
    hides() {
      for (const kind of kinds) for (const element of boxes(kind)) element.style.display = 'none'
    },
  }
  const bszCaller = {
    fetch: (_, callback) =>
      ready
        .then(() => views.visit(here()))
        .then(({ value, atLeast, site }) => ({ site_pv: site, page_pv: value ?? (atLeast && '≥ ' + atLeast), version: 2.4 }))
        .then(callback, bszTag.hides),
  }
  Object.assign(window, { bszTag, bszCaller })
  opened(() =>
    bszCaller.fetch('', data => {
      bszTag.texts(data)
      bszTag.shows()
    })
  )
