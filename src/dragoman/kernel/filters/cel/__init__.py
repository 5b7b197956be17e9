"""CEL, Google's Common Expression Language: text -> syntax -> typed expression -> predicate.

lexer, parser   text -> syntax            functions   which there are, for which types
checker         syntax -> expression      filter      expression -> predicate, parts of it for the index
printer         predicate -> text
"""
