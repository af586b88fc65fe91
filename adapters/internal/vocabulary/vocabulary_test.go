package vocabulary

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// text returns the value of a string literal, or "".
func text(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}

func TestRefusalVocabulary(t *testing.T) {
	t.Parallel()
	constants, reasons := map[string]string{}, map[string]string{"the server failed": "server_error"}
	for _, decl := range parse(t, "../../../oauth/refusal.go").Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok == token.VAR && strings.Contains(gen.Doc.Text(), "authorization endpoint") {
			continue // those go to the browser, not to the token endpoint
		}
		for _, spec := range gen.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			for i, v := range value.Values {
				if s := text(v); s != "" {
					constants[value.Names[i].Name] = s
				}
				ast.Inspect(v, func(n ast.Node) bool {
					if lit, ok := n.(*ast.CompositeLit); ok && len(lit.Elts) == 2 {
						if code, ok := lit.Elts[0].(*ast.Ident); ok {
							reasons[text(lit.Elts[1])] = constants[code.Name]
						}
					}
					return true
				})
			}
		}
	}
	if len(reasons) < 20 {
		t.Fatalf("only %d reasons found: the source has another form", len(reasons))
	}
	for reason, code := range reasons {
		if !RefusalReasons[reason] {
			t.Errorf("the reason %q is not known", reason)
		}
		if !RefusalCodes[code] {
			t.Errorf("the code %q of %q is not known", code, reason)
		}
	}
	for reason := range RefusalReasons {
		if _, there := reasons[reason]; !there {
			t.Errorf("package oauth does not give the reason %q", reason)
		}
	}
}

func TestLiveVocabulary(t *testing.T) {
	t.Parallel()
	reasons := map[prism.EndReason]bool{Other: true}
	ast.Inspect(parse(t, "../../../prism/trace.go"), func(n ast.Node) bool {
		if value, ok := n.(*ast.ValueSpec); ok {
			if kind, ok := value.Type.(*ast.Ident); ok && kind.Name == "EndReason" {
				reasons[prism.EndReason(text(value.Values[0]))] = true
			}
		}
		return true
	})
	for _, reason := range EndReasons() {
		if !reasons[reason] {
			t.Errorf("package prism has no reason %q", reason)
		}
		delete(reasons, reason)
	}
	for reason := range reasons {
		t.Errorf("the reason %q is not known", reason)
	}
}
