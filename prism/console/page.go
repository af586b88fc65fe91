package console

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"net/http"
	"time"

	"go.uber.org/zap"
)

//go:embed templates/*.html
var templateFiles embed.FS

// The names of the two views, as the address has them.
const (
	viewTraffic = ""
	viewSetup   = "setup"
)

// view is one rendering of the page.
type view struct {
	cfg     *Config
	words   *words
	now     time.Time
	started time.Time
	minute  int64
	// name is the view, api the call of the plots, asked the language that the
	// address has, "" for none.
	name, api, asked string
}

func (c *Console) view(r *http.Request) *view {
	query := r.URL.Query()
	v := &view{cfg: &c.cfg, words: wordsFor(r), now: c.cfg.Now(), started: c.started}
	v.minute = minuteOf(v.now)
	if query.Get("view") == viewSetup {
		v.name = viewSetup
	}
	if query.Get("lang") == v.words.tag {
		v.asked = v.words.tag
	}
	if api := query.Get("api"); len(api) <= maxIDLength {
		v.api = api
	}
	return v
}

// page is what the templates get.
type page struct {
	Lang      string
	Languages []languageLink
	Tabs      []tabLink
	Instance  string
	Zone      string
	Now       stamp
	// Self is this address, Part that of the part that updates.
	Self, Part string
	Setup      *setupView
	Traffic    *trafficView
}

type languageLink struct {
	Tag, Name, Link string
	Current         bool
}

type tabLink struct {
	Name, Link string
	Current    bool
}

var languageNames = map[string]string{"en": "English", "ko": "한국어", "ja": "日本語"}

func (c *Console) page(ctx context.Context, v *view) *page {
	p := &page{
		Lang: v.words.tag, Instance: c.cfg.Instance,
		Zone: v.now.In(c.cfg.Location).Format("MST"), Now: v.stamp(v.now), Self: v.link("", ""),
	}
	p.Part = p.Self + "&part=live"
	if p.Self == "?" {
		p.Part = "?part=live"
	}
	for _, w := range vocabularies {
		p.Languages = append(p.Languages, languageLink{w.tag, languageNames[w.tag], v.link("lang", w.tag), w == v.words})
	}
	p.Tabs = []tabLink{
		{v.words.text("tab.traffic"), v.link("view", viewTraffic), v.name == viewTraffic},
		{v.words.text("tab.setup"), v.link("view", viewSetup), v.name == viewSetup},
	}
	if v.name == viewSetup {
		p.Setup = c.setup(v)
	} else {
		p.Traffic = c.traffic(ctx, v)
	}
	return p
}

// pages are the templates of each language.
var pages = parsePages()

func parsePages() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, w := range vocabularies {
		funcs := template.FuncMap{"t": w.text, "asset": assetLink}
		all[w.tag] = template.Must(template.New("page").Funcs(funcs).ParseFS(templateFiles, "templates/*.html"))
	}
	return all
}

// render writes the page, or the part of it that updates.
func (c *Console) render(w http.ResponseWriter, r *http.Request, name string) {
	v := c.view(r)
	var body bytes.Buffer
	if err := pages[v.words.tag].ExecuteTemplate(&body, name, c.page(r.Context(), v)); err != nil {
		c.log.Error("console: the page cannot be shown", zap.Error(err))
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.words.tag)
	h.Set("Console-Part", name)
	if r.Method != http.MethodHead {
		_, _ = body.WriteTo(w)
	}
}
