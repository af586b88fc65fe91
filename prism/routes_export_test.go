package prism

import "slices"

// Routes are the methods that are mounted, by path template without prefix.
func (s *Service) Routes() map[string][]string {
	token, authorize := s.oauthRoutes()
	routes := append(s.apis(), token, authorize, s.openAPIRoute(), s.metadataRoute())
	methods := map[string][]string{}
	for _, t := range append(routes, s.standardRoutes()...) {
		for method := range t.methods {
			methods[t.pattern] = append(methods[t.pattern], method)
		}
		slices.Sort(methods[t.pattern])
	}
	return methods
}
