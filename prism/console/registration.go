package console

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// Registration holds the values of the registration form in the NAVER Cloud
// console. The page shows each with a button to copy it, and says which the
// form will not take.
type Registration struct {
	// ServiceName is what streamers choose in PRISM Live Studio, 3 to 20
	// characters. "" leaves it out of the page.
	ServiceName string
	// ServiceAPIDomain is the address before /prism/v1/service, for example
	// "https://live.example.com". Required.
	ServiceAPIDomain string
	// AuthorizeURL is the address of the sign-in page, at most 100 characters.
	// "" means the form's own proposal, ServiceAPIDomain + "/oauth/authorize". A
	// service whose sign-in page is below prism.Config.BasePath, as
	// /prism/oauth/authorize, has to name it.
	AuthorizeURL string
	// ClientID has 3 to 20 English letters and digits.
	ClientID string
	// ClientSecret is held against the form's limits, once, by New: 3 to 20
	// English letters and digits. A Console does not keep it, and no page has
	// it. "" leaves out the check.
	ClientSecret string
	// ClientSecretAt tells the reader of the page where the secret is kept,
	// for example "vault: prism/client-secret".
	ClientSecretAt string
	// RedirectURI is where PRISM receives the code. The NAVER Cloud console
	// assigns it; "" says so on the page.
	RedirectURI string
}

// The limits of the form.
const (
	minFormText     = 3
	maxFormText     = 20
	maxAuthorizeURL = 100
)

// prismRedirect is how every redirect URI of PRISM begins. A service id
// follows.
const prismRedirect = "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/"

// problem is the key of a text that says what is wrong with a value; "" if
// nothing is.
type problem string

const (
	fits           problem = ""
	notLetters     problem = "form.problem.letters"
	wrongLength    problem = "form.problem.length"
	tooLong        problem = "form.problem.authorizeLong"
	notHTTPS       problem = "form.problem.https"
	notBare        problem = "form.problem.bare"
	notPRISM       problem = "form.problem.redirect"
	noServiceID    problem = "form.problem.serviceID"
	missingValue   problem = "form.problem.missing"
	secretUnfit    problem = "form.problem.secret"
	defaultAddress         = "/oauth/authorize"
)

func (r Registration) authorizeURL() string {
	if r.AuthorizeURL == "" {
		return strings.TrimSuffix(r.ServiceAPIDomain, "/") + defaultAddress
	}
	return r.AuthorizeURL
}

func checkName(name string) problem {
	if n := utf8.RuneCountInString(name); n < minFormText || n > maxFormText {
		return wrongLength
	}
	return fits
}

// checkCredential is for a client id or a client secret.
func checkCredential(value string) problem {
	for i := range len(value) {
		c := value[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return notLetters
		}
	}
	switch {
	case value == "":
		return missingValue
	case len(value) < minFormText, len(value) > maxFormText:
		return wrongLength
	}
	return fits
}

func checkDomain(address string) problem {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "https":
		return notHTTPS
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.HasSuffix(address, "/"):
		return notBare
	}
	return fits
}

func checkAuthorizeURL(address string) problem {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "https":
		return notHTTPS
	case utf8.RuneCountInString(address) > maxAuthorizeURL:
		return tooLong
	}
	return fits
}

// checkRedirectURI knows a placeholder by its capitals and signs: the ids that
// the console assigns are letters and digits.
func checkRedirectURI(address string) problem {
	id, ok := strings.CutPrefix(address, prismRedirect)
	switch {
	case !ok:
		return notPRISM
	case id == "" || strings.ContainsAny(id, "{}<>_/?#"):
		return noServiceID
	}
	return fits
}
