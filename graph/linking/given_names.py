"""Given names that are common in the United Kingdom, without those that are words or places too (“Grace”)."""

from __future__ import annotations

from typing import Final

__all__ = ["GIVEN_NAMES"]

_NAMES: Final = """
    aaron abdul abigail abraham adam adele adrian agnes ahmed aisha alan albert alex alexander alexandra alfie
    alfred alice alison alistair amanda amelia amir amy andrea andrew angela angus anita ann anna anne annette annie
    anthony antonia archie arthur audrey barbara barry beatrice ben benjamin bernard beth bethany betty beverley
    boris brenda brian bridget bruce bryan callum camilla cara carl carol caroline catherine cecilia charles charlie
    charlotte cheryl chloe chris christian christina christine christopher claire clara clare clive colin connor
    craig cynthia damian daniel danielle darren david debbie deborah declan deirdre denis denise dennis derek diana
    diane dominic donald donna dorothy douglas duncan dylan edith edmund edward eileen elaine eleanor elena
    elizabeth ella ellen ellie elsie emily emma eric erica esther ethan eva evelyn ewan fatima felicity felix fergus
    finn fiona frances francis fraser fred freddie frederick gareth gary gavin gemma geoff geoffrey george georgina
    gerald gerard gillian giles glenn glyn gordon graeme graham greg gregory gwen hamish hannah harold harriet harry
    hassan helen henry herbert hilary howard hugh hugo huw iain ian ibrahim imogen imran irene isaac isabel isabella
    isla ismail ivan jack jackie jacob jacqueline jade jake james jamie jane janet janice jasmine jason jeff jeffrey
    jemma jennifer jenny jeremy jess jessica jill jim jo joan joanna joanne joe joel john johnny jon jonathan joseph
    josephine josh joshua joyce juan judith julia julian julie juliet karen kate katharine katherine kathleen
    kathryn katie katy keith kelly ken kenneth kerry kevin khadija kieran kim kirsten kirsty kyle laura lauren
    laurence lawrence leah leanne lee leo leonard lesley leslie lewis liam linda lindsay lisa lloyd lorna lorraine
    louis louisa louise lucas lucy luke lydia lynn lynne maggie malcolm marcus margaret maria marian marie marilyn
    marion marjorie martha martin martyn mary matilda matthew maureen maurice max maya megan melanie melissa mia
    michael michelle mick miguel mike miranda mohamed mohammed moira molly monica muhammad muriel nadia nancy naomi
    natalie natasha nathan neil niall nicholas nick nicola nigel nina noah nora norma norman oliver olivia omar
    oscar owen pam pamela patricia patrick paul paula pauline penelope peter phil philip philippa phillip phoebe
    phyllis pippa polly priya rachael rachel ralph raymond rebecca reginald rhys richard rita robert roberta roger
    roland ronald rory rosemary rosie ross roy rupert russell ruth ryan sabrina sally sam samantha samuel sandra
    sara sarah sean sebastian shane sharon sheila shirley sian siobhan simon sophia sophie stacey stanley stella
    stephanie stephen steve steven stewart stuart sue susan suzanne sylvia tanya tara ted terence teresa terry theo
    theresa thomas tim timothy tina toby tom tony tracey tracy trevor valerie vanessa vera vernon veronica vincent
    vivian walter wayne wendy wilfred william winston yasmin yusuf yvonne zara zoe
"""

GIVEN_NAMES: Final = frozenset(_NAMES.split())
