package ingest

import "fmt"

// nginxForm is the part of a hook of nginx-rtmp that counts.
type nginxForm struct {
	call, app, name, addr, clientID string
}

// parseNGINXForm reads the body of a hook. nginx appends the query string of
// the publisher as it came, after its own fields, so a publisher can send any
// of them once more: a body that has one of ours twice is refused.
func parseNGINXForm(body []byte) (nginxForm, error) {
	var f nginxForm
	err := parseHookForm(body, map[string]*string{
		"call": &f.call, "app": &f.app, "name": &f.name, "addr": &f.addr, "clientid": &f.clientID,
	})
	if err != nil {
		return nginxForm{}, err
	}
	if f.call == "" {
		return nginxForm{}, fmt.Errorf("%w: call is missing", errHook)
	}
	if !decimal(f.clientID) {
		return nginxForm{}, fmt.Errorf("%w: clientid is not a number", errHook)
	}
	return f, nil
}

// decimal reports whether s is a number as nginx prints it: at most 20 digits.
func decimal(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 20
}
