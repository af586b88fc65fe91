package readme

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// maxPicture keeps a clone small.
const maxPicture = 150 << 10

// TestLinksLeadSomewhere checks the links within the project.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for _, name := range languages {
		for _, s := range readPage(t, name) {
			for _, target := range s.links() {
				if strings.Contains(target, "://") || strings.HasPrefix(target, "#") {
					continue
				}
				info, err := os.Stat(filepath.Join(root, target))
				switch {
				case err != nil:
					t.Errorf("%s, %q: %v", name, s.heading, err)
				case strings.HasSuffix(target, ".png") && info.Size() > maxPicture:
					t.Errorf("%s, %q: %s has %d bytes, want at most %d", name, s.heading, target, info.Size(), maxPicture)
				}
			}
		}
	}
}
