// SPDX-License-Identifier: Apache-2.0
// A small Lisp: reads expressions from standard input and prints their values. Integers, symbols,
// strings, lists and functions with their environments; errors are caught at the top level.
import kotlin.wasm.WasmImport
import kotlin.wasm.unsafe.UnsafeWasmMemoryApi
import kotlin.wasm.unsafe.withScopedMemoryAllocator

sealed interface Value

data class Integer(val value: Long) : Value { override fun toString() = value.toString() }
data class Symbol(val name: String) : Value { override fun toString() = name }
data class Text(val value: String) : Value { override fun toString() = "\"$value\"" }
class Pair(val first: Value, val rest: Value) : Value {
    override fun toString() = elements(this).joinToString(" ", "(", ")")
}
data object Empty : Value { override fun toString() = "()" }
open class Function(val name: String, val call: (List<Value>) -> Value) : Value {
    override fun toString() = "<$name>"
}
class Lambda(val parameters: List<Symbol>, val body: Value, val scope: Scope) :
    Function("lambda", { arguments -> evaluate(body, scope.with(parameters, arguments)) })

class LispError(message: String) : Exception(message)

fun fail(message: String): Nothing = throw LispError(message)

class Scope(private val outer: Scope?) {
    private val values = HashMap<String, Value>()
    operator fun get(name: String): Value =
        values[name] ?: (outer ?: fail("$name is not defined"))[name]
    operator fun set(name: String, value: Value) { values[name] = value }
    fun with(parameters: List<Symbol>, arguments: List<Value>): Scope {
        if (parameters.size != arguments.size) {
            fail("${parameters.size} arguments wanted, ${arguments.size} given")
        }
        val inner = Scope(this)
        for ((parameter, argument) in parameters.zip(arguments)) inner[parameter.name] = argument
        return inner
    }
}

fun elements(list: Value): List<Value> = buildList {
    var at = list
    while (at is Pair) {
        add(at.first)
        at = at.rest
    }
}

fun listOf(values: List<Value>): Value =
    values.foldRight(Empty as Value) { first, rest -> Pair(first, rest) }

fun tokens(source: String): List<String> = buildList {
    var at = 0
    while (at < source.length) {
        val start = at++
        when (source[start]) {
            ' ', '\t', '\n', '\r' -> continue
            '(', ')', '\'' -> {}
            ';' -> {
                while (at < source.length && source[at] != '\n') ++at
                continue
            }
            '"' -> {
                while (at < source.length && source[at] != '"') ++at
                if (at == source.length) fail("a string without end")
                ++at
            }
            else -> while (at < source.length && source[at] !in " \t\r\n()';\"") ++at
        }
        add(source.substring(start, at))
    }
}

class Reader(source: String) {
    private val tokens = tokens(source)
    private var at = 0

    val done get() = at == tokens.size

    fun read(): Value {
        if (done) fail("unexpected end")
        val token = tokens[at++]
        return when {
            token == "(" -> listOf(buildList {
                while (tokens.getOrNull(at) != ")") add(read())
                ++at
            })
            token == ")" -> fail("unexpected )")
            token == "'" -> listOf(listOf<Value>(Symbol("quote"), read()))
            token.startsWith('"') -> Text(token.trim('"'))
            else -> token.toLongOrNull()?.let(::Integer) ?: Symbol(token)
        }
    }
}

fun symbols(list: Value) = elements(list).map { it as? Symbol ?: fail("$it is not a name") }

fun truth(value: Value) = value != Empty

fun evaluate(expression: Value, scope: Scope): Value {
    var at = expression
    var inner = scope
    while (true) {
        when (val here = at) {
            is Symbol -> return inner[here.name]
            !is Pair -> return here
            else -> {
                val parts = elements(here)
                when ((here.first as? Symbol)?.name) {
                    "quote" -> return parts[1]
                    "if" -> at = if (truth(evaluate(parts[1], inner))) parts[2] else parts[3]
                    "lambda" -> return Lambda(symbols(parts[1]), parts[2], inner)
                    "define" -> {
                        inner[symbols(listOf(listOf(parts[1]))).first().name] =
                            evaluate(parts[2], inner)
                        return parts[1]
                    }
                    "try" -> return try {
                        evaluate(parts[1], inner)
                    } catch (error: LispError) {
                        inner["error"] = Text(error.message ?: "")
                        evaluate(parts[2], inner)
                    }
                    else -> {
                        val function = evaluate(here.first, inner)
                        val arguments = parts.drop(1).map { evaluate(it, inner) }
                        if (function !is Function) fail("$function is not a function")
                        if (function !is Lambda) return function.call(arguments)
                        at = function.body  // no recursion: a loop of tail calls runs for ever
                        inner = function.scope.with(function.parameters, arguments)
                    }
                }
            }
        }
    }
}

fun number(value: Value) = (value as? Integer ?: fail("$value is not a number")).value

fun pair(value: Value) = value as? Pair ?: fail("$value is not a pair")

fun globals(): Scope = Scope(null).apply {
    fun define(name: String, call: (List<Value>) -> Value) = set(name, Function(name, call))
    fun arithmetic(name: String, compute: (Long, Long) -> Long) =
        define(name) { Integer(it.map(::number).reduce(compute)) }
    fun predicate(name: String, test: (List<Value>) -> Boolean) =
        define(name) { if (test(it)) Symbol("t") else Empty }
    arithmetic("+") { a, b -> a + b }
    arithmetic("-") { a, b -> a - b }
    arithmetic("*") { a, b -> a * b }
    arithmetic("/") { a, b -> if (b == 0L) fail("division by zero") else a / b }
    arithmetic("mod") { a, b -> if (b == 0L) fail("division by zero") else a.mod(b) }
    predicate("<") { number(it[0]) < number(it[1]) }
    predicate("=") { it[0] == it[1] }
    predicate("empty") { it[0] == Empty }
    define("cons") { Pair(it[0], it[1]) }
    define("first") { pair(it[0]).first }
    define("rest") { pair(it[0]).rest }
    define("list", ::listOf)
    define("length") { Integer(elements(it[0]).size.toLong()) }
    define("sort") { listOf(elements(it[0]).sortedBy(::number)) }
    define("join") { Text(it.joinToString("") { part -> (part as? Text)?.value ?: "$part" }) }
    set("t", Symbol("t"))
}

@OptIn(kotlin.wasm.ExperimentalWasmInterop::class)
@WasmImport("wasi_snapshot_preview1", "fd_read")
private external fun fdRead(descriptor: Int, vectors: Int, count: Int, size: Int): Int

@OptIn(UnsafeWasmMemoryApi::class)
fun readAll(): String = withScopedMemoryAllocator { allocator ->
    val bytes = ArrayList<Byte>()
    val buffer = allocator.allocate(4096)
    val vector = allocator.allocate(8)
    val size = allocator.allocate(4)
    vector.storeInt(buffer.address.toInt())
    (vector + 4).storeInt(4096)
    while (fdRead(0, vector.address.toInt(), 1, size.address.toInt()) == 0 && size.loadInt() > 0) {
        for (i in 0 until size.loadInt()) bytes.add((buffer + i).loadByte())
    }
    bytes.toByteArray().decodeToString()
}

fun main() {
    val scope = globals()
    val reader = try {
        Reader(readAll())
    } catch (error: LispError) {
        return println("error: ${error.message}")
    }
    while (!reader.done) {
        try {
            println(evaluate(reader.read(), scope))
        } catch (error: LispError) {
            println("error: ${error.message}")
        }
    }
}
