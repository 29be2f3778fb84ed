// The attributes that the trigger classes need, as the real packages declare them: same namespaces, names and
// signatures (tests hold them against the packages' published API). functions/ compiles against the real ones.
#pragma warning disable CA1019, CA1813 // The accessors and the openness of these attributes are the real packages'.

namespace Microsoft.Azure.Functions.Worker.Extensions.Abstractions
{
    /// <summary>The base of all binding attributes.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public abstract class BindingAttribute : Attribute;

    /// <summary>The base of all trigger attributes.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    public abstract class TriggerBindingAttribute : BindingAttribute;
}

namespace Microsoft.Azure.Functions.Worker
{
    using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

    /// <summary>Marks a method as a function.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public class FunctionAttribute(string name) : Attribute
    {
        /// <summary>The function's name.</summary>
        public string Name { get; } = name;
    }

    /// <summary>Who may call an HTTP function; not enforced on this host, as under <c>func start</c>.</summary>
    public enum AuthorizationLevel
    {
        /// <summary>Anybody.</summary>
        Anonymous,

        /// <summary>A signed-in user.</summary>
        User,

        /// <summary>Whoever has the function's key.</summary>
        Function,

        /// <summary>The host itself.</summary>
        System,

        /// <summary>Whoever has the master key.</summary>
        Admin,
    }

    /// <summary>Marks the parameter that takes the HTTP request.</summary>
    public sealed class HttpTriggerAttribute : TriggerBindingAttribute
    {
        /// <summary>Any method, function-level authorization.</summary>
        public HttpTriggerAttribute()
            : this(AuthorizationLevel.Function, [])
        {
        }

        /// <summary>The methods, function-level authorization.</summary>
        public HttpTriggerAttribute(params string[] methods)
            : this(AuthorizationLevel.Function, methods)
        {
        }

        /// <summary>Any method.</summary>
        public HttpTriggerAttribute(AuthorizationLevel authLevel)
            : this(authLevel, [])
        {
        }

        /// <summary>The methods and the authorization level.</summary>
        public HttpTriggerAttribute(AuthorizationLevel authLevel, params string[] methods)
        {
            AuthLevel = authLevel;
            Methods = methods;
        }

        /// <summary>The route behind the route prefix; the function's name if it is not set.</summary>
        public string? Route { get; set; }

        /// <summary>The HTTP methods; none means any.</summary>
        public string[] Methods { get; }

        /// <summary>Who may call it.</summary>
        public AuthorizationLevel AuthLevel { get; }
    }

    /// <summary>Marks the parameter that takes a queue message.</summary>
    public sealed class QueueTriggerAttribute(string queueName) : TriggerBindingAttribute
    {
        /// <summary>The queue's name; <c>%setting%</c> in it is replaced.</summary>
        public string QueueName { get; } = queueName;

        /// <summary>The setting that holds the connection string; <c>AzureWebJobsStorage</c> if it is not set.</summary>
        public string? Connection { get; set; }
    }
}
