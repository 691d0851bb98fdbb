"""
The words of the language: one file for each element, each key declared once.

A declaration is an annotation and `key(...)`: what may stand there, help, open or closed, and whether rules may read
it. The reader, the schema, what rules may compare, and the tables of the documentation are made from it.
"""
