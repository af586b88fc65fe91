package readme

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The READMEs of the project, the English one first: the others follow it.
var languages = []string{"README.md", "README.ko.md"}

// root is the folder of the README.
const root = "../.."

// page is a Markdown file, cut into its sections. What stands before the first
// heading is a section without one.
type page []section

type section struct {
	level   int
	heading string
	// code are the blocks of code, fenced or indented, in order.
	code []block
	// rows are the table rows, in order.
	rows []string
	// text is everything but the heading and the code.
	text string
}

// block is a block of code. An indented one has no language.
type block struct{ language, text string }

func readPage(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return parse(string(text))
}

// parse reads the Markdown that the READMEs use: ATX headings, fenced and
// indented code, tables, and no code within lists.
func parse(text string) page {
	p := page{{}}
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < len(lines); i++ {
		s := &p[len(p)-1]
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "```"):
			b := block{language: strings.TrimSpace(strings.TrimPrefix(line, "```"))}
			for i++; i < len(lines) && !strings.HasPrefix(lines[i], "```"); i++ {
				b.text += lines[i]
			}
			s.code = append(s.code, b)
		case strings.HasPrefix(line, "    ") && i > 0 && strings.TrimSpace(lines[i-1]) == "":
			var b block
			for ; i < len(lines) && strings.HasPrefix(lines[i], "    "); i++ {
				b.text += strings.TrimPrefix(lines[i], "    ")
			}
			i--
			s.code = append(s.code, b)
		case strings.HasPrefix(line, "#"):
			marks, heading, _ := strings.Cut(line, " ")
			p = append(p, section{level: len(marks), heading: strings.TrimSpace(heading)})
		default:
			if row := strings.TrimSpace(line); strings.HasPrefix(row, "|") {
				s.rows = append(s.rows, row)
			}
			s.text += line
		}
	}
	return p
}

var (
	inlineCode = regexp.MustCompile("`[^`\n]+`")
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// links are the targets of the section's links and pictures.
func (s section) links() []string {
	var targets []string
	for _, m := range link.FindAllStringSubmatch(inlineCode.ReplaceAllString(s.text, ""), -1) {
		targets = append(targets, m[1])
	}
	return targets
}

// commands are the command lines of the page's indented blocks, one for each,
// with continued lines joined.
func (p page) commands() []string {
	var commands []string
	for _, s := range p {
		for _, b := range s.code {
			if b.language != "" {
				continue
			}
			joined := regexp.MustCompile(`\\\n\s*`).ReplaceAllString(b.text, "")
			commands = append(commands, strings.Split(strings.TrimSpace(joined), "\n")...)
		}
	}
	return commands
}

func TestParse(t *testing.T) {
	t.Parallel()
	p := parse("# One\n\nSee [it](a.md), `[no](b.md)`.\n\n    go run . \\\n        -x\n    go vet\n\n## Two\n\n| a | b |\n|---|---|\n\n```go\n# no heading\n```\n")
	if len(p) != 3 || p[1].heading != "One" || p[2].level != 2 || len(p[2].rows) != 2 {
		t.Fatalf("sections: %+v", p)
	}
	if got := p[1].links(); len(got) != 1 || got[0] != "a.md" {
		t.Errorf("links: %q", got)
	}
	if got := p.commands(); len(got) != 2 || got[0] != "go run . -x" || got[1] != "go vet" {
		t.Errorf("commands: %q", got)
	}
	if p[2].code[0] != (block{"go", "# no heading\n"}) {
		t.Errorf("code: %+v", p[2].code)
	}
}
